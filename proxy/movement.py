"""Which share of keys moves, from where to where, when a pool's servers change.

Exact where the rule says it: on two rings with the same hash it is the arcs that change hands, between two modulas the
slots; provided that the hash spreads keys evenly. Everything else is counted on random keys, and says so.
"""

from __future__ import annotations

import random
from collections import Counter
from math import lcm
from typing import TYPE_CHECKING

import msgspec

from memcluster.proxy.placement.rules import Continuum, Modula
from memcluster.proxy.pools import Document
from memcluster.proxy.topology import Rings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from memcluster.proxy.pools import Pool

SAMPLED_KEYS = 200_000
SLOTS_MAX = 1_000_000
NARROW_HASHES = frozenset({"crc16", "crc32"})
"""Hashes that leave most of the ring's 32 bits unused: arcs say nothing about shares."""

Pair = tuple[str, str]


class Move(msgspec.Struct, frozen=True):
    """A share of all keys that goes from one server to another."""

    source: str
    target: str
    share: float


class Movement(msgspec.Struct, frozen=True):
    """Where keys are before and after; `sampled_keys` is 0 if the shares are exact."""

    before: dict[str, float]
    after: dict[str, float]
    moves: list[Move]
    moved: float
    sampled_keys: int


def movement(before: Pool, after: Pool) -> Movement:
    """Compares a pool's two sets of servers."""
    shares = _exact(before, after)
    if shares is not None:
        return _summary(shares, 0)
    return _summary(_sampled(before, after), SAMPLED_KEYS)


def _exact(before: Pool, after: Pool) -> Counter[Pair] | None:
    rules = before.rule(), after.rule()
    match rules:
        case (Continuum(hash=one), Continuum(hash=other)) if one == other and one not in NARROW_HASHES:
            return _count(_arcs(*rules), before, after)
        case (Modula(hash=one), Modula(hash=other)) if one == other:
            if lcm(len(rules[0].slots), len(rules[1].slots)) <= SLOTS_MAX:
                return _count(_slots(rules[0].slots, rules[1].slots), before, after)
    return None


def _arcs(before: Continuum, after: Continuum) -> Iterator[tuple[int, int, int]]:
    """For each arc on which neither ring has a point inside: its owner in both, and its length."""
    ends = sorted({point for point, _ in before.points + after.points})
    owners = _owners(before, ends), _owners(after, ends)
    start = ends[-1] - (1 << 32)
    for end, old, new in zip(ends, *owners, strict=True):
        yield old, new, end - start
        start = end


def _owners(ring: Continuum, ends: list[int]) -> list[int]:
    """The server of the first point at or above each of these ascending places."""
    owners, place = [], 0
    for end in ends:
        while place < len(ring.points) and ring.points[place][0] < end:
            place += 1
        owners.append(ring.points[place % len(ring.points)][1])
    return owners


def _slots(before: tuple[int, ...], after: tuple[int, ...]) -> Iterator[tuple[int, int, int]]:
    for residue in range(lcm(len(before), len(after))):
        yield before[residue % len(before)], after[residue % len(after)], 1


def _count(pieces: Iterable[tuple[int, int, int]], before: Pool, after: Pool) -> Counter[Pair]:
    counts: Counter[Pair] = Counter()
    for old, new, size in pieces:
        counts[before.members[old].label, after.members[new].label] += size
    return counts


def _sampled(before: Pool, after: Pool) -> Counter[Pair]:
    from memcluster.proxy.locate import locate

    source = random.Random(0)
    keys = [b"%016x" % source.getrandbits(64) for _ in range(SAMPLED_KEYS)]
    # One document after the other: the engine remembers the last one it was given.
    places = [[locate(document, key)[1][0] for key in keys] for document in map(_document, (before, after))]
    return Counter(zip(*places, strict=True))


def _document(pool: Pool) -> str:
    return Rings(Document(pool=(pool,))).topology(1).encode()


def _summary(counts: Counter[Pair], sampled_keys: int) -> Movement:
    total = counts.total()
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    for (old, new), count in counts.items():
        before[old] += count
        after[new] += count
    moves = [Move(old, new, count / total) for (old, new), count in counts.most_common() if old != new]
    return Movement(
        before={name: count / total for name, count in sorted(before.items())},
        after={name: count / total for name, count in sorted(after.items())},
        moves=moves,
        moved=sum(move.share for move in moves),
        sampled_keys=sampled_keys,
    )
