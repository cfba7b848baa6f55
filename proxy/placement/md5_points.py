"""Ketama's points: four to an MD5 digest of `name-i`, little-endian."""

from __future__ import annotations

import struct
from hashlib import md5
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def md5_points(name: str, digests: int) -> Iterator[int]:
    """The points of a server for `digests` digests."""
    for number in range(digests):
        yield from struct.unpack("<4I", md5(f"{name}-{number}".encode(), usedforsecurity=False).digest())
