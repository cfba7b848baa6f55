"""The known differences between redis-server 7.0 and ours, a row each.

A row says which commands are not sent, or what of the answers counts as the same. docs/redis-differences.md is this
table for readers; `python -m tests.wire.redis_differential.document` writes it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.wire.redis_differential.case import Command

Instead = Callable[[re.Match[bytes]], bytes]
WORDS_SEARCHED = 8
WORD_BYTES_SEARCHED = 500


@dataclass(frozen=True)
class Difference:
    """One known difference."""

    what: str
    reason: str
    is_of_version: bool = False
    """Ours is as Redis 7.2 has it."""
    unsent: str | None = None
    """Commands in whose words, parted by spaces and in capitals, this is found are not sent."""
    same: tuple[str, str | Instead] | None = None
    """A pattern of an answer and what counts in its stead, on both sides."""


def shortest(found: re.Match[bytes]) -> bytes:
    """A number in the fewest digits, in the frame it had."""
    digits = repr(float(found[2])).encode()
    return b",%b\r\n" % digits if found[1] == b"," else b"$%d\r\n%b\r\n" % (len(digits), digits)


DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        "The order of what has none",
        "`SMEMBERS`, `HGETALL`, `KEYS` and their like answer in the order of tables, which differs from one "
        "redis-server to the next, too. So does what depends on it: `SORT` of a set by weights that are equal, `SPOP`, "
        "the steps of `SCAN`.",
        unsent=r"^SORT(_RO)? SET.* BY ",
    ),
    Difference(
        "`BYLEX` and its like where scores differ",
        "Redis defines no answer. Ours goes by the names of what it meets in the order of the set.",
        unsent=r"^Z\S*LEX\S* (?!LEXICAL)|^ZRANGE(STORE)? (?!\S*\s?LEXICAL).* BYLEX",
    ),
    Difference(
        "Which of several members that are equally far comes first",
        "With `COUNT`, Redis sorts only as far as it must, by a method that leaves them in no order to be told; ours "
        "keeps that of the cells. The comparison puts hardly any two members in one place.",
    ),
    Difference(
        "The bytes that `DUMP` gives",
        "They are of [a version that more servers restore](redis-saving.md#what-is-written). What one server gives, "
        "the other restores: tests hold it so.",
        unsent=r"^DUMP ",
    ),
    Difference(
        "Which directives `CONFIG GET` finds",
        "Those of [the page about them](redis-options.md), in the order of their names.",
        unsent=r"^CONFIG GET .*\*",
    ),
    Difference(
        "What a library keeps in variables of its own",
        "A library's code runs once on each thread that calls its functions: what these keep in Lua's variables is "
        "each thread's. What is to be kept belongs into keys.",
    ),
    Difference(
        "What code of a library finds when it is loaded",
        "All that scripts find but `redis.call` and its like; in Redis 7.0 only a part of the table `redis`.",
    ),
    Difference(
        "What is slow",
        "`SLOWLOG GET` and `LEN` tell how long commands took.",
        unsent=r"^SLOWLOG (GET|LEN)( \d+)?$",
    ),
    Difference(
        "When pushes come",
        "Invalidations of client-side caching come between replies as it happens. The comparison leaves them out; "
        "conversations have them.",
    ),
    Difference(
        "Which commands there are",
        "Each has some that the other has not, of another version or not served: `COMMAND`, `COMMAND COUNT`. Only "
        "here: `DEBUG SET-ATOMIC 0`, by which others come in between the commands of EXEC and scripts, for tests of "
        "checkers.",
        unsent=r"^COMMAND( (COUNT|DOCS|INFO|LIST))?$",
    ),
    Difference(
        "`COMMAND GETKEYS` of a request whose count of keys is no number",
        "It has no keys. Redis reads the digits that it begins with, also of a number that is too large.",
        unsent=r"^COMMAND GETKEYS(ANDFLAGS)? ZUNIONSTORE \S* (?!(0|[1-9]\d{0,8})( [^ ]|$))",
    ),
    Difference(
        "Identifiers that the clock gives",
        "`XADD` with `*`, on two servers.",
        unsent=r"^XADD .*(?<!\S)\*(?!\S)",
    ),
    Difference(
        "`OBJECT ENCODING` and `REFCOUNT` of a number that `INCRBYFLOAT` computed",
        "A whole one is `int` here, and counts as shared if it is small, as any such number; in Redis it is `embstr`, "
        "and not shared.",
        same=(r":2147483647\r\n", ":1\r\n"),
    ),
    Difference(
        "How much may be drawn with repetition",
        "`HRANDFIELD` and `SRANDMEMBER` refuse more than ten million, `ZRANDMEMBER` more than sixteen, as out of range;"
        " Redis fills its memory with any number.",
    ),
    Difference(
        "Who answers `HELLO`",
        "The version is 7.2.4. Connections have other numbers on another server.",
        is_of_version=True,
        same=(r"(\$7\r\nversion\r\n)\$\d+\r\n[\d.]+|(\$2\r\nid\r\n):\d+", r"\1\2$1\r\n?"),
    ),
    Difference(
        "Consumers that asked and got nothing",
        "`XREADGROUP`, `XCLAIM` and `XAUTOCLAIM` make them since Redis 7.2, as here; before, only those that got "
        "something. The comparison makes them first.",
        is_of_version=True,
    ),
    Difference(
        "Blocking commands in scripts",
        "They are allowed since Redis 7.2, as here, and do not wait.",
        is_of_version=True,
        unsent=r"^EVAL\S* .*'BLPOP'",
    ),
    Difference(
        "How a score is written",
        "In the fewest digits that mean it since Redis 7.2, as here; with 17 digits before: `3.3` was "
        "`3.2999999999999998`.",
        is_of_version=True,
        same=(r"(\$\d+\r\n|,)(-?\d+\.\d+(?:e[+-]?\d+)?|-?\d+e[+-]?\d+|-?\d{16,})\r\n", shortest),
    ),
    Difference(
        "`OBJECT ENCODING` of small sets of text",
        "They are `listpack` since Redis 7.2, as here, and were `hashtable`.",
        is_of_version=True,
        unsent=r"^OBJECT ENCODING set|^OBJECT ENCODING \S*$",
    ),
    Difference(
        "Timeouts of blocking commands that are too large",
        "Redis 7.0 says that they are negative; since 7.2, as here, that they are out of range.",
        is_of_version=True,
        unsent=r"^WAIT \S+ 9223372036854775",
        same=(r"-ERR timeout is negative\r\n", "-ERR timeout is out of range\r\n"),
    ),
    Difference(
        "`LPOS` with the smallest number as `RANK`",
        "Refused since Redis 7.2, as here; it overflowed before.",
        is_of_version=True,
        unsent=r"^LPOS .* RANK -9223372036854775808",
    ),
    Difference(
        "The most that `maxmemory-samples` may be",
        "64 since Redis 7.2, as here; any number before.",
        is_of_version=True,
        unsent=r"^CONFIG SET MAXMEMORY-SAMPLES",
    ),
    Difference(
        "`ZRANK` and `ZREVRANK` with `WITHSCORE`",
        "New in Redis 7.2.",
        is_of_version=True,
        unsent=r"(?s)^Z(REV)?RANK \S* .* ",
    ),
)


@dataclass(frozen=True)
class Known:
    """The differences as the comparison asks about them."""

    rows: tuple[Difference, ...] = DIFFERENCES

    def is_sent(self, command: Command) -> bool:
        words = (word[:WORD_BYTES_SEARCHED] for word in command.words[:WORDS_SEARCHED])
        text = b" ".join(words).decode("latin-1").upper()
        return not any(row.unsent and re.search(row.unsent, text, re.IGNORECASE) for row in self.rows)

    def mask(self, answer: bytes) -> bytes:
        for row in self.rows:
            if row.same:
                pattern, instead = row.same
                replacement = instead.encode("latin-1") if isinstance(instead, str) else instead
                answer = re.sub(pattern.encode("latin-1"), replacement, answer)
        return answer
