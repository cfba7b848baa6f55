"""What stands in a migration's way, and how far it is: pure functions of what the two servers say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memcluster.redis.migration.sides import Side

VERSION_MIN = (2, 8)
"""Older servers do not speak PSYNC."""


class Phase(Enum):
    """How far a migration is."""

    NONE = "none"
    CONNECTING = "connecting"
    SYNCING = "syncing"
    FOLLOWING = "following"


@dataclass(frozen=True)
class Progress:
    """One look at a migration. `lag_bytes`: of the source's stream, what ours has not taken yet; None: not known."""

    phase: Phase
    source: str
    link: str
    source_offset: int | None
    offset: int
    lag_bytes: int | None
    sync_left_bytes: int
    keys: int
    replica_lag_bytes: int = 0
    """Of what ours has taken, what the last of its own replicas has not."""

    @property
    def has_caught_up(self) -> bool:
        """Whether ours and its replicas hold all that the source has said."""
        return self.phase is Phase.FOLLOWING and self.lag_bytes == 0 and self.replica_lag_bytes == 0


def obstacles(source: Side, target: Side, databases: int, *, replaces: bool) -> list[str]:
    """Why it cannot begin; each says what to do."""
    return [*_of_source(source), *_of_target(source, target, databases, replaces=replaces)]


def _of_source(source: Side) -> list[str]:
    found: list[str] = []
    if _version(source.version) < VERSION_MIN:
        found.append(f"the source is a Redis {source.version}: it has to be 2.8 at least")
    if source.is_loading:
        found.append("the source is loading its data: wait until it has")
    if source.is_cluster:
        found.append("the source is a node of Redis Cluster: its slots cannot be followed by one server")
    if source.modules:
        found.append(f"the source has modules loaded ({', '.join(source.modules)}): their values cannot be read here")
    if source.role == "replica" and source.link != "up":
        found.append(f"the source is a replica whose link to {source.primary} is down: name its primary")
    return found


def _of_target(source: Side, target: Side, databases: int, *, replaces: bool) -> list[str]:
    found: list[str] = []
    if source.run_id and source.run_id == target.run_id:
        found.append("source and target are one server: name another")
    elif source.role == "replica" and source.primary == target.address:
        found.append("the source is a replica of the target: nothing is to be moved")
    if target.role == "replica" and target.primary != source.address:
        found.append(f"the target is a replica of {target.primary}: name a primary, or stop that first")
    if target.keys and target.role == "primary" and not replaces:
        found.append(f"the target holds {target.keys} keys, and all of them would go: give --replace if they may")
    if 0 < target.maxmemory < source.used_memory:
        found.append(
            f"the source uses {source.used_memory} bytes and the target may use {target.maxmemory}: raise its maxmemory"
        )
    if source.databases_used > databases:
        found.append(f"the source has keys in database {source.databases_used - 1}: give the target more databases")
    return found


def progress(source: Side | None, target: Side) -> Progress:
    """How far it is; the source is None if it does not answer."""
    if target.role != "replica":
        phase = Phase.NONE
    elif target.is_syncing:
        phase = Phase.SYNCING
    else:
        phase = Phase.FOLLOWING if target.link == "up" else Phase.CONNECTING
    known = source is not None and phase is Phase.FOLLOWING
    return Progress(
        phase=phase,
        source=target.primary,
        link=target.link,
        source_offset=source.offset if source else None,
        offset=target.offset,
        # A look at the target that is younger than the one at the source may be ahead of it.
        lag_bytes=max(0, source.offset - target.offset) if source and known else None,
        sync_left_bytes=target.sync_left_bytes,
        keys=target.keys,
        replica_lag_bytes=max(0, target.offset - min(target.replica_offsets, default=target.offset)),
    )


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())
