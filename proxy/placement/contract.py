"""What a placement is: a row in one table, beside the function that computes its rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from memcluster.proxy.placement.rules import Rule
    from memcluster.proxy.server import Server

HASHES = (
    "one_at_a_time",
    "md5",
    "crc16",
    "crc32",
    "crc32a",
    "fnv1_64",
    "fnv1a_64",
    "fnv1_32",
    "fnv1a_32",
    "hsieh",
    "murmur",
    "jenkins",
    "xxh3_64",
)
"""The router's key hashes, by twemproxy's names."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a pool may tell its placement besides the servers."""

    hash: str
    seed: str | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """A placement: `hashes[0]` is its default key hash; no hashes: the placement has its own."""

    name: str
    agrees_with: str
    build: Callable[[Sequence[Server], Options], Rule]
    hashes: tuple[str, ...] = ()
    has_weights: bool = True
    has_seed: bool = False
    is_consistent: bool = True
