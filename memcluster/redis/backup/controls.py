"""What verbs ask about the snapshots of running groups, over the control channel: a row a question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from memcluster.redis.backup.manifest import Kind
from memcluster.redis.group.controls import OfGroup, Which

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from memcluster.redis.group.running import RunningGroup

TAKE, DELETE, PLACE = "snapshot.take", "snapshot.delete", "snapshot.place"


class Named(msgspec.Struct, frozen=True):
    """A snapshot of a group, which may be left out where there is one."""

    snapshot: str
    group: str | None = None


async def take(group: RunningGroup, wanted: Named) -> AsyncGenerator[Any, None]:
    """Its manifest, once it is complete."""
    yield await group.keeper.take(wanted.snapshot, Kind.MANUAL)


async def delete(group: RunningGroup, wanted: Named) -> AsyncGenerator[Any, None]:
    """Its name, once it is gone."""
    await group.keeper.delete(wanted.snapshot)
    yield wanted.snapshot


async def say_place(group: RunningGroup, _: Which) -> AsyncGenerator[Any, None]:
    """Where a group's snapshots lie."""
    yield (await group.keeper.target()).place


ROWS = (OfGroup(TAKE, Named, take), OfGroup(DELETE, Named, delete), OfGroup(PLACE, Which, say_place))
