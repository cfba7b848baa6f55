"""A row: a command and the grammar of its arguments, from which random commands are drawn.

    Row("SET string value [NX|XX] [GET] [EX seconds|KEEPTTL]")
    Row("ZADD zset [NX|XX] (score member)...", weight=4)

Words in small letters are kinds of words, which `words.py` draws; what has a capital, a sign or an apostrophe before it
stands for itself.
`[a|b]` is one of them or nothing, `(a|b)` one of them, and `...` what stands before it, once or several times.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from random import Random

TOKEN = re.compile(r"\[|\]|\(|\)|\.\.\.|\||[^\s\[\]()|.]+(?:\.(?!\.\.)[^\s\[\]()|.]*)*")
REPEATS = (1, 1, 1, 1, 2, 2, 3, 5, 8)
REPEATS_MANY = (40, 140, 600)
"""Beyond the bounds of small collections."""
MANY_SHARE = 0.01


class Order(Enum):
    """In which way two right answers may differ."""

    EXACT = "not at all"
    ANY = "the order of elements"
    PAIRS = "the order of pairs"
    RANDOM = "everything but the type and the number of elements"
    CLOCK = "a number, by what time has passed"
    SCAN = "cursors, and the order of elements"


@dataclass(frozen=True)
class Kind:
    """One word of a kind, or one that stands for itself."""

    name: str

    @property
    def is_literal(self) -> bool:
        return re.fullmatch(r"[a-z_]+", self.name) is None


@dataclass(frozen=True)
class Choice:
    """One of several sequences, or nothing."""

    options: tuple[tuple["Item", ...], ...]
    is_optional: bool
    repeats: bool


Item = Kind | Choice


Before = Callable[[Sequence[bytes]], Iterable[Sequence[bytes]]]


@dataclass(frozen=True)
class Row:
    """A command: how often it is drawn, and how its answers compare."""

    grammar: str
    weight: int = 2
    order: Order = Order.EXACT
    settles: str = ""
    """What brings both servers into step again after an answer that is random; `{key}` is the first key."""
    before: Before | None = None
    """Commands that bring both servers to where they answer alike."""
    alone: bool = False
    """Not inside MULTI."""
    spoils: bool = True
    """Now and then it is drawn broken."""

    @property
    def name(self) -> str:
        return self.grammar.split()[0]

    @cached_property
    def items(self) -> tuple[Item, ...]:
        tokens = TOKEN.findall(self.grammar)
        items, rest = _sequence(tokens)
        assert not rest, f"{self.grammar}: {rest}"
        return items

    def draw(self, random: Random) -> list[str]:
        """Kinds of words in their order; what stands for itself begins with an apostrophe."""
        return _drawn(self.items, random)


def _sequence(tokens: list[str]) -> tuple[tuple[Item, ...], list[str]]:
    items: list[Item] = []
    while tokens and tokens[0] not in "])|":
        token, *tokens = tokens
        if token in "[(":
            options, tokens = _options(tokens)
            item: Item = Choice(options, token == "[", repeats=False)
        else:
            item = Kind(token)
        if tokens and tokens[0] == "...":
            tokens = tokens[1:]
            item = Choice(item.options if isinstance(item, Choice) else ((item,),), False, repeats=True)
        items.append(item)
    return tuple(items), tokens


def _options(tokens: list[str]) -> tuple[tuple[tuple[Item, ...], ...], list[str]]:
    options = []
    while True:
        items, tokens = _sequence(tokens)
        options.append(items)
        closing, *tokens = tokens
        if closing != "|":
            return tuple(options), tokens


def _drawn(items: tuple[Item, ...], random: Random) -> list[str]:
    words: list[str] = []
    for item in items:
        if isinstance(item, Kind):
            words.append("'" + item.name.removeprefix("'") if item.is_literal else item.name)
        elif item.repeats:
            times = random.choice(REPEATS_MANY if random.random() < MANY_SHARE else REPEATS)
            for _ in range(times):
                words += _drawn(random.choice(item.options), random)
        elif not item.is_optional or random.random() < 0.4:
            words += _drawn(random.choice(item.options), random)
    return words
