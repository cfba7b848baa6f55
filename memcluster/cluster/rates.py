"""What a node did between two looks at its counters: a pure function of both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Look:
    """A node's counters at a moment, and how long it took to answer. `counters` is None: it did not."""

    at_seconds: float
    latency_ms: float
    counters: Mapping[str, float] | None


@dataclass(frozen=True)
class Rates:
    """What happened a second between two looks, and what is now. None: not known (yet)."""

    gets: float | None
    sets: float | None
    hit_ratio: float | None
    evictions: float | None
    read_bytes: float | None
    written_bytes: float | None
    connections: int
    items: int
    used_bytes: int
    limit_bytes: int
    latency_ms: float


def between(before: Look | None, now: Look) -> Rates | None:
    """The rates between two looks; None if the node does not answer. Counters that went back are a new process's."""
    if now.counters is None:
        return None
    counters = now.counters
    rate = partial(_difference, before, now)
    hits, misses = rate("get_hits"), rate("get_misses")
    return Rates(
        gets=rate("cmd_get"),
        sets=rate("cmd_set"),
        hit_ratio=hits / (hits + misses) if hits is not None and misses is not None and hits + misses > 0 else None,
        evictions=rate("evictions"),
        read_bytes=rate("bytes_read"),
        written_bytes=rate("bytes_written"),
        connections=int(counters.get("curr_connections", 0)),
        items=int(counters.get("curr_items", 0)),
        used_bytes=int(counters.get("bytes", 0)),
        limit_bytes=int(counters.get("limit_maxbytes", 0)),
        latency_ms=now.latency_ms,
    )


def _difference(before: Look | None, now: Look, name: str) -> float | None:
    """A counter's growth a second; None: not known."""
    if before is None or before.counters is None or now.counters is None or now.at_seconds <= before.at_seconds:
        return None
    if name not in before.counters or name not in now.counters:
        return None
    growth = now.counters[name] - before.counters[name]
    return growth / (now.at_seconds - before.at_seconds) if growth >= 0 else None
