"""What verbs ask about the snapshots of running groups, over the control channel: a row a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from memcluster.cluster import control
from memcluster.redis.backup.manifest import Kind
from memcluster.redis.group.controls import Which, find

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from memcluster.redis.group.running import RunningGroup

TAKE, DELETE, PLACE = "snapshot.take", "snapshot.delete", "snapshot.place"


class Named(msgspec.Struct, frozen=True):
    """A snapshot of a group, which may be left out where there is one."""

    snapshot: str
    group: str | None = None


@dataclass(frozen=True)
class Controls:
    """What is asked about these groups' snapshots."""

    groups: Sequence[RunningGroup]

    @property
    def rows(self) -> tuple[control.Request[Any], ...]:
        """For the supervisor's channel."""
        return (
            control.Request(TAKE, Named, self.take),
            control.Request(DELETE, Named, self.delete),
            control.Request(PLACE, Which, self.say_place),
        )

    async def take(self, wanted: Named) -> AsyncGenerator[Any, None]:
        """Its manifest, once it is complete."""
        yield await find(self.groups, wanted.group).keeper.take(wanted.snapshot, Kind.MANUAL)

    async def delete(self, wanted: Named) -> AsyncGenerator[Any, None]:
        """Its name, once it is gone."""
        await find(self.groups, wanted.group).keeper.delete(wanted.snapshot)
        yield wanted.snapshot

    async def say_place(self, which: Which) -> AsyncGenerator[Any, None]:
        """Where a group's snapshots lie."""
        yield (await find(self.groups, which.group).keeper.target()).place
