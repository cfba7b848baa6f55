"""RESP replies read into tuples, and whether two of them say the same where order, chance and clocks have a say."""

import itertools
from collections.abc import Callable, Iterator

from tests.wire.redis_differential.row import Order

Reply = tuple[bytes, object]
"""The type's sign, and bytes or a list of replies."""
AGGREGATES = {b"*": 1, b"~": 1, b">": 1, b"%": 2, b"|": 2}
CLOCK_TOLERANCE = 2000
"""Milliseconds, and seconds more than generously: what is asked for is never that near."""


def read(text: bytes, place: int = 0) -> tuple[Reply, int]:
    """The reply that begins here and where it ends; ValueError if there is no whole one."""
    end = text.index(b"\r\n", place)
    sign, head = text[place : place + 1], text[place + 1 : end]
    place = end + 2
    if sign in (b"$", b"=", b"!"):
        if head == b"-1":
            return (sign, None), place
        size = int(head)
        if len(text) < place + size + 2:
            raise ValueError("cut off")
        return (sign, text[place : place + size]), place + size + 2
    if sign in AGGREGATES:
        if head == b"-1":
            return (sign, None), place
        items = []
        for _ in range(int(head) * AGGREGATES[sign]):
            item, place = read(text, place)
            items.append(item)
        return (sign, items), place
    return (sign, head), place


def read_all(text: bytes) -> Iterator[Reply]:
    """Every whole reply of a text; what is no reply ends it."""
    place = 0
    while place < len(text):
        try:
            reply, place = read(text, place)
        except (ValueError, RecursionError):
            yield (b"?", text[place : place + 200])
            return
        yield reply


MAP = b"%"


def agree(expected: Reply, received: Reply, order: Order) -> bool:
    """Whether the second says what the first says."""
    if expected == received:
        return True
    if expected[0] != received[0]:
        return False
    theirs, ours = expected[1], received[1]
    if expected[0] == MAP and order is Order.EXACT:
        # What a script returns may be a hash's fields, in the order of its table.
        order = Order.PAIRS
    if isinstance(theirs, bytes) and isinstance(ours, bytes):
        is_random = order is Order.RANDOM and expected[0] in (b"$", b":")
        return is_random or (order is Order.CLOCK and _near(theirs, ours))
    if isinstance(theirs, list) and isinstance(ours, list) and order in LISTS_AGREE:
        return LISTS_AGREE[order](theirs, ours)
    return False


def _near(theirs: bytes, ours: bytes) -> bool:
    try:
        return abs(int(theirs) - int(ours)) <= CLOCK_TOLERANCE and (int(theirs) < 0) == (int(ours) < 0)
    except ValueError:
        return False


def _pairs(items: list[Reply]) -> list[str]:
    return sorted(repr(items[place : place + 2]) for place in range(0, len(items), 2))


def _numbers_agree(theirs: list[Reply], ours: list[Reply]) -> bool:
    return len(theirs) == len(ours) and all(map(agree, theirs, ours, itertools.repeat(Order.CLOCK)))


def _scans_agree(theirs: list[Reply], ours: list[Reply]) -> bool:
    """Walks that came to their end in one step saw the same; longer ones are the guarantee's test's business."""
    if theirs[0][1] == b"0" == ours[0][1]:
        return sorted(map(repr, theirs[1][1])) == sorted(map(repr, ours[1][1]))
    return True


LISTS_AGREE: dict[Order, Callable[[list[Reply], list[Reply]], bool]] = {
    Order.ANY: lambda theirs, ours: sorted(map(repr, theirs)) == sorted(map(repr, ours)),
    Order.PAIRS: lambda theirs, ours: _pairs(theirs) == _pairs(ours),
    Order.RANDOM: lambda theirs, ours: len(theirs) == len(ours),
    Order.CLOCK: _numbers_agree,
    Order.SCAN: _scans_agree,
}
