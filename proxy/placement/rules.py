"""How the router finds a key's node: the rules it knows, as they stand in the topology document.

A rule speaks of servers by their index in the pool. Points and slots are computed here in Python; hashing a key
and looking it up is Rust's (native/router).
"""

from __future__ import annotations

from typing import Literal

import msgspec

Point = tuple[int, int]


class Continuum(msgspec.Struct, frozen=True, tag="continuum", tag_field="kind"):
    """A ring: a key's hash goes to the first point at (or strictly) above it, and past the last point to the first."""

    hash: str
    match: Literal["at_or_above", "above"]
    points: tuple[Point, ...]

    def validate(self, servers: int) -> None:
        """Walks the invariants: points strictly ascending within 32 bits, every index one of the servers."""
        assert self.points, "a continuum has points"
        assert all(0 <= point < 2**32 and 0 <= index < servers for point, index in self.points), "in range"
        pairs = zip(self.points, self.points[1:], strict=False)
        assert all(left[0] < right[0] for left, right in pairs), "strictly ascending"


class Jump(msgspec.Struct, frozen=True, tag="jump", tag_field="kind"):
    """Lamping and Veach's jump hash over the pool's servers in their order."""

    hash: str
    seed: int = 0


class Rendezvous(msgspec.Struct, frozen=True, tag="rendezvous", tag_field="kind"):
    """Highest random weight: the server whose `name-key` hashes highest."""

    names: tuple[str, ...]


class Modula(msgspec.Struct, frozen=True, tag="modula", tag_field="kind"):
    """The key's hash modulo the number of slots."""

    hash: str
    slots: tuple[int, ...]


class Random(msgspec.Struct, frozen=True, tag="random", tag_field="kind"):
    """Any slot, drawn anew for each request."""

    slots: tuple[int, ...]


Rule = Continuum | Jump | Rendezvous | Modula | Random


def continuum(hash_name: str, match: Literal["at_or_above", "above"], points: list[Point]) -> Continuum:
    """Sorts points; where two servers claim one point the server listed last keeps it (uhashring's way)."""
    return Continuum(hash_name, match, tuple(sorted(dict(points).items())))
