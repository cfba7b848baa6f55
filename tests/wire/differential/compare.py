"""Whether two servers' answers say the same, apart from what no two can share: CAS values, times, sizes in memory."""

import itertools
import re

TIME_TOLERANCE_SECONDS = 2
VALUE_LINE = re.compile(rb"(VALUE .+ \d+ [\dN]+) (\d+)", re.DOTALL)
MEASURED = re.compile(rb"(exp|la|cas|fetch|cls|size)=(-?\d+|yes|no)")
VERSION = re.compile(rb"VERSION .*")


class Comparison:
    """Compares answers of one case. CAS values may differ, but are the same where the other server's are the same."""

    def __init__(self, *, has_one_counter: bool) -> None:
        self.has_one_counter = has_one_counter
        """A proxy's nodes count CAS values each for itself, so that equal ones mean nothing."""
        self.theirs: dict[bytes, bytes] = {}
        self.ours: dict[bytes, bytes] = {}

    def difference(self, expected: bytes, received: bytes) -> str | None:
        """The first lines that differ, for a reader, or None."""
        lines, others = expected.split(b"\r\n"), received.split(b"\r\n")
        for number, (line, other) in enumerate(itertools.zip_longest(lines, others)):
            if line is None or other is None or not self.line_agrees(line, other):
                shown = slice(max(number - 2, 0), number + 3)
                return f"line {number + 1} of the answer\n  memcached: {lines[shown]}\n  this one:  {others[shown]}"
        return None

    def line_agrees(self, line: bytes, other: bytes) -> bool:
        if (valued := VALUE_LINE.fullmatch(line)) and (other_valued := VALUE_LINE.fullmatch(other)):
            return valued[1] == other_valued[1] and self.same_cas(valued[2], other_valued[2])
        if line[:3] in (b"HD ", b"VA ", b"EN ", b"NF ", b"NS ", b"EX "):
            words, others = line.split(b" "), other.split(b" ")
            return len(words) == len(others) and all(map(self.word_agrees, words, others))
        if line.startswith(b"ME "):
            return MEASURED.sub(rb"\1=", line) == MEASURED.sub(rb"\1=", other)
        return line == other or bool(VERSION.fullmatch(line) and VERSION.fullmatch(other))

    def word_agrees(self, word: bytes, other: bytes) -> bool:
        if not (word[1:].isdigit() and other[1:].isdigit() and word[:1] == other[:1]):
            return word == other
        match word[:1]:
            case b"c":
                return self.same_cas(word, other)
            case b"t" | b"l":
                return abs(int(word[1:]) - int(other[1:])) <= TIME_TOLERANCE_SECONDS
            case _:
                return word == other

    def same_cas(self, cas: bytes, other: bytes) -> bool:
        cas, other = cas.removeprefix(b"c"), other.removeprefix(b"c")
        if cas == other:
            return True
        if b"0" in (cas, other):
            return False
        if not self.has_one_counter:
            return True
        return self.theirs.setdefault(cas, other) == other and self.ours.setdefault(other, cas) == cas
