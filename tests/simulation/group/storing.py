"""The state store in a world: the shipped memory store, reached through delays and outages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from memcluster.cluster.store.entries import Batch, Compare, Delete, Put, Snapshot, StoreUnavailable
from memcluster.cluster.store.memory import MemoryStore
from memcluster.redis.group.state import Config, Leader, Sync
from tests.simulation.group.checks import Broken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.simulation.group.world import World

GROUP = "g"
PREFIX = f"groups/{GROUP}/"
TIMEOUT_SECONDS = 0.3
LATENCY_SECONDS = 0.002
SLOW_SECONDS = 0.25


class SimulatedStore:
    """What `contract.Store` asks for, and what the checks want to know of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        drift = 1 + world.source.uniform(-world.drift, world.drift)
        self.memory = MemoryStore(lambda: world.kernel.time * drift)
        self.is_out = self.is_slow = False
        self.sync: Sync | None = None
        self.leaders: dict[int, str] = {}

    async def range(self, prefix: str) -> Snapshot:
        return await self._call(self.memory.range, prefix)

    async def commit(self, compares: Sequence[Compare], changes: Sequence[Put | Delete]) -> int:
        await self.world.act("elect" if any(change.key == f"{PREFIX}leader" for change in changes) else "commit")
        return int(await self._call(self._commit, compares, changes))

    async def grant(self, ttl: float) -> tuple[int, float]:
        granted: tuple[int, float] = await self._call(self.memory.grant, ttl)
        return granted

    async def keep_alive(self, lease: int) -> float:
        return float(await self._call(self.memory.keep_alive, lease))

    async def revoke(self, lease: int) -> None:
        await self._call(self.memory.revoke, lease)

    async def watch(self, prefix: str, after: int) -> Batch:
        raise NotImplementedError

    async def _call(self, call: Any, *arguments: Any) -> Any:
        source, kernel = self.world.source, self.world.kernel
        high = SLOW_SECONDS if self.is_slow else LATENCY_SECONDS
        await kernel.sleep(source.random() * high)
        if self.is_out:
            # Half of what is asked at that time comes about all the same.
            if source.random() < 0.5:
                await call(*arguments)
            await kernel.sleep(TIMEOUT_SECONDS)
            raise StoreUnavailable("an outage")
        result = await call(*arguments)
        await kernel.sleep(source.random() * high)
        return result

    async def _commit(self, compares: Sequence[Compare], changes: Sequence[Put | Delete]) -> int:
        revision = await self.memory.commit(self.world.bugs.compares(compares), changes)
        if revision:
            for change in changes:
                if isinstance(change, Put):
                    self._note(change)
        return revision

    def _note(self, change: Put) -> None:
        match change.key.removeprefix(PREFIX):
            case "leader":
                leader = msgspec.json.decode(change.value, type=Leader)
                self.world.checks.recorded(leader)
                if leader.node and self.leaders.setdefault(leader.epoch, leader.run_id) != leader.run_id:
                    raise Broken(f"{self.leaders[leader.epoch]} and {leader.run_id} are named in epoch {leader.epoch}")
            case "sync":
                self._note_sync(msgspec.json.decode(change.value, type=Sync))
            case "config":
                self.world.config = msgspec.json.decode(change.value, type=Config)

    def _note_sync(self, sync: Sync) -> None:
        before, self.sync = self.sync, sync
        checks = self.world.checks
        if sync.k == 0:
            checks.known.clear()
            checks.early.clear()
        if before is None or before.epoch != sync.epoch:
            node = self.world.nodes[sync.leader]
            if f"{node.name}.{node.run}" != sync.leader_run or not node.is_running:
                return  # It will never be promoted.
            checks.named(node, sync.epoch)
        elif sync.k and not before.k:
            node = self.world.nodes[sync.leader]
            checks.known = node.log[: node.confirmed]
        checks.law()

    def write(self, name: str, value: object, *, is_new: bool = False) -> None:
        """Somebody else writes a fact, as the command line does."""

        async def put() -> None:
            compares = [Compare(PREFIX + name, 0)] if is_new else []
            await self.memory.commit(compares, [Put(PREFIX + name, msgspec.json.encode(value))])

        run_now(put())

    def write_config(self, config: Config) -> None:
        """The supervisor's settings changed."""
        self.world.config = config
        self.write("config", config)


def run_now(coroutine: Any) -> None:
    """A coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("it waited")
