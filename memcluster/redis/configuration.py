"""Reads redis.conf and redis-server's command line into directives, each with the place where it stands.

    redis.conf:   maxmemory 1gb            # a comment stands on a line of its own
                  user alice on ">secret"  # words in quotes, with the escapes of redis-cli
                  include other/*.conf
    command line: memcluster redis [FILE|-] --maxmemory 1gb --bind 127.0.0.1 ::1

It knows the syntax, and no directive but `include`.
"""

from __future__ import annotations

import glob
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from memcluster.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

INCLUDES_MAX = 16
"""How deep files may include each other: one that includes itself ends there."""
COMMAND_LINE = "the command line"
SPACE = " \t\n\r\v\f\0"
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "a": "\a"}


@dataclass(frozen=True)
class Given:
    """One directive as somebody wrote it."""

    name: str
    words: tuple[str, ...]
    place: str
    """Where: `redis.conf:3`, `the command line`."""

    @property
    def value(self) -> str:
        """Its words as CONFIG SET takes them."""
        return " ".join(self.words)


def read_file(path: Path, depth: int = 0) -> Iterator[Given]:
    """The directives of a file and of those it includes."""
    if depth == INCLUDES_MAX:
        raise ConfigError(f"{path}: files include each other more than {INCLUDES_MAX} deep: does one include itself?")
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}: name a file that can be read") from None
    yield from read_text(text, str(path), depth)


def read_text(text: str, name: str, depth: int = 0) -> Iterator[Given]:
    """The directives of a file's text; `name` is what errors call it."""
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip(SPACE)
        if not stripped or stripped.startswith("#"):
            continue
        place = f"{name}:{number}"
        words = split(stripped)
        if words is None:
            raise ConfigError(f"{place}: a quote is not closed, or something follows right behind one: {stripped}")
        if not words:
            continue
        if words[0].lower() == "include":
            yield from _included(words[1:], place, depth)
        else:
            yield Given(words[0].lower(), tuple(words[1:]), place)


def _included(patterns: list[str], place: str, depth: int) -> Iterator[Given]:
    """Files named or matched; a pattern that matches nothing includes nothing, as in Redis."""
    if len(patterns) != 1:
        raise ConfigError(f"{place}: include takes one file or pattern")
    names = sorted(glob.glob(patterns[0])) if glob.has_magic(patterns[0]) else patterns  # noqa: PTH207 (any path)
    for name in names:
        yield from read_file(Path(name), depth + 1)


def read_arguments(arguments: Iterable[str]) -> Iterator[Given]:
    """A command line: a file or - for stdin if it comes first, then options with their words."""
    words = list(arguments)
    if words and not words[0].startswith("--"):
        first = words.pop(0)
        yield from read_text(sys.stdin.read(), "stdin") if first == "-" else read_file(Path(first))
    if words and words[0] == "-":
        words.pop(0)
        yield from read_text(sys.stdin.read(), "stdin")
    while words:
        option = words.pop(0)
        if not option.startswith("--"):
            raise ConfigError(f"{option}: an option begins with --, and a file comes first")
        values = []
        while words and not words[0].startswith("--"):
            values.append(words.pop(0))
        name, has_value, value = option.removeprefix("--").partition("=")
        yield Given(name.lower(), (value, *values) if has_value else tuple(values), COMMAND_LINE)


def split(line: str) -> list[str] | None:
    """Words by Redis's rules of quotes and escapes; None where a quote is not closed."""
    words: list[str] = []
    place = 0
    while True:
        while place < len(line) and line[place] in SPACE:
            place += 1
        if place == len(line):
            return words
        word, place = _word(line, place)
        if word is None:
            return None
        words.append(word)


def _word(line: str, place: int) -> tuple[str | None, int]:
    """The word that begins here and where it ends."""
    word = ""
    while place < len(line) and line[place] not in SPACE:
        quote = line[place]
        if quote not in "'\"":
            word += quote
            place += 1
            continue
        inside, place = _quoted(line, place + 1, quote)
        # A closing quote ends the word: nothing may stand right behind it.
        if inside is None or (place < len(line) and line[place] not in SPACE):
            return None, place
        return word + inside, place
    return word, place


def _quoted(line: str, place: int, quote: str) -> tuple[str | None, int]:
    """What stands in quotes from here, and the place behind the closing one; None if there is none."""
    inside = ""
    while place < len(line):
        letter = line[place]
        if letter == quote:
            return inside, place + 1
        if letter == "\\" and place + 1 < len(line):
            letter, place = _escaped(line, place + 1, quote)
        else:
            place += 1
        inside += letter
    return None, place


def _escaped(line: str, place: int, quote: str) -> tuple[str, int]:
    """What a backslash before this letter stands for: in single quotes only the quote itself."""
    letter = line[place]
    if quote == "'":
        return ("'", place + 1) if letter == "'" else ("\\", place)
    digits = line[place + 1 : place + 3]
    if letter == "x" and len(digits) == 2 and all(digit in "0123456789abcdefABCDEF" for digit in digits):
        # A byte that is no letter by itself, as the file's reader keeps such.
        return bytes([int(digits, 16)]).decode("utf-8", "surrogateescape"), place + 3
    return ESCAPES.get(letter, letter), place + 1
