"""One group's backups, kept by whoever supervises it: look at the target, decide, do it, say it; until it is cancelled.

    target ──> View ──plan.decide──> Take, Delete, Fail ──> target, and an event each

What lies in the target is all that is remembered: a supervisor that starts again goes on where the last one was.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

import trio

from memcluster.errors import MemclusterError
from memcluster.redis.backup import plan
from memcluster.redis.backup.create import Wanted, World, create
from memcluster.redis.backup.manifest import Kind
from memcluster.redis.backup.source import choose
from memcluster.redis.backup.target import Target

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from memcluster.redis.backup.manifest import Manifest
    from memcluster.redis.backup.settings import SnapshotSettings
    from memcluster.redis.backup.source import Node

LOOK_SECONDS_MIN, LOOK_SECONDS_MAX = 1.0, 60.0
"""Between two looks, whatever is due: others write to the target too."""
REST_AFTER_FAULT_SECONDS = 30.0

T = TypeVar("T")

log = logging.getLogger(__name__)


class Announce(Protocol):
    """Tells people what has happened to the group's snapshots: kind, sentence, node."""

    def __call__(self, kind: str, sentence: str, node: str | None) -> Awaitable[None]:
        """Returns when it is told, or cannot be."""


class Keeper:
    """Takes, lists and deletes the snapshots of one group. What it does at the target runs in a thread of its own."""

    def __init__(self, group: str, settings: SnapshotSettings, world: World, announce: Announce) -> None:
        self.group, self.settings, self.world, self.announce = group, settings, world, announce

    async def run(self) -> None:
        """Until it is cancelled; a fault is logged and what is due is tried again."""
        if self.settings.schedule.is_never or self.settings.retention_days == 0:
            return
        while True:
            try:
                seconds = await self.turn()
            except MemclusterError as error:
                log.warning("%s: its snapshots cannot be looked at: %s", self.group, error)
                seconds = REST_AFTER_FAULT_SECONDS
            await trio.sleep(seconds)

    async def turn(self) -> float:
        """Does what is to be done now; how long until there may be something again."""
        target, now = await self.target(), self.world.now()
        await _in_thread(target.sweep, self.group, now)
        view = plan.View(self.group, tuple(await _in_thread(target.snapshots, self.group)))
        for action in plan.decide(view, now, self.settings):
            await self._perform(target, action, view)
        view = plan.View(self.group, tuple(await _in_thread(target.snapshots, self.group)))
        due = plan.due_at(view, self.world.now(), self.settings)
        seconds = (due - self.world.now()).total_seconds() if due else LOOK_SECONDS_MAX
        return min(max(seconds, LOOK_SECONDS_MIN), LOOK_SECONDS_MAX)

    async def refuse_taken(self, name: str) -> None:
        """BackupError if no new snapshot can be called so, before anything is given up for one."""
        await _in_thread((await self.target()).refuse_taken, name)

    async def take_final(self, name: str, node: Node) -> Manifest:
        """Takes the last one, of a node that serves nobody any more."""
        return await self.take(name, Kind.FINAL, replace(self.world, survey=lambda: [node]))

    async def take(self, name: str, kind: Kind, world: World | None = None) -> Manifest:
        """Takes one, and says how it went; what went wrong is raised too."""
        wanted = Wanted(name, self.group, kind, float(self.settings.timeout), self.settings.manual_max)
        try:
            made = await _in_thread(create, await self.target(), wanted, world or self.world)
        except MemclusterError as error:
            await self.announce("snapshot-failed", f"snapshot {name} failed: {error}", None)
            raise
        sentence = f"snapshot {name} is complete: {made.keys} keys, {made.bytes} bytes, from {made.node} ({made.role})"
        await self.announce("snapshot", sentence, made.node)
        return made

    async def delete(self, name: str, why: str = "somebody asked for it") -> None:
        """Deletes one, and says so."""
        target = await self.target()
        await _in_thread(target.delete, name)
        await self.announce("snapshot-deleted", f"snapshot {name} is deleted: {why}", None)

    async def target(self) -> Target:
        """The place, opened."""
        return await _in_thread(Target.open, self.settings.target)

    async def _take_scheduled(self, name: str) -> None:
        try:
            choose(self.world.survey())
        except MemclusterError as error:
            # The group starts, or elects a primary: that is no failed backup, and it is looked at again at once.
            log.debug("%s: %s waits: %s", self.group, name, error)
            return
        try:
            await self.take(name, Kind.SCHEDULED)
        except MemclusterError as error:
            # It stands in the target as failed; the plan says when the next one is tried.
            log.warning("%s: %s", self.group, error)

    async def _perform(self, target: Target, action: plan.Action, view: plan.View) -> None:
        match action:
            case plan.Take(name):
                await self._take_scheduled(name)
            case plan.Delete(name, why):
                await self.delete(name, why)
            case plan.Fail(name, why):
                left = next(each for each in view.snapshots if each.name == name)
                await _in_thread(target.write, left.failed(why))
                await _in_thread(target.remove_data, name)
                await self.announce("snapshot-failed", f"snapshot {name} failed: {why}", None)


async def _in_thread(function: Callable[..., T], *arguments: object) -> T:
    """What reads and writes files and waits for servers: it ends by its own deadlines, so nobody waits for it to."""
    return await trio.to_thread.run_sync(partial(function, *arguments), abandon_on_cancel=True)
