"""Nodes die, hang and come back at random while a client writes and reads: schedules from seeds, which replay.

No read may return a value older than the last acknowledged write of its key; a node comes back only after it was
flushed; and once all nodes are well, all are up and in the rings.
"""

import os
import random

import pytest
import trio
import trio.testing

from memcluster.proxy.pools import single_pool
from tests.simulation.world import FakeNode, NodeDown, World

SERVERS = [f"10.0.0.{number}:11211" for number in range(1, 5)]
KEYS = [b"key:%d" % number for number in range(40)]
SECONDS = 120.0
HEALING_SECONDS = 60.0
SEEDS = range(int(os.environ.get("SIMULATION_SEEDS", "12")))


@pytest.fixture
def document():
    return single_pool(SERVERS, {"down": "eject"})


def simulate(main, *arguments):
    """Runs on a clock that jumps, with tasks in an order that replays."""
    run = trio._core._run
    run._ALLOW_DETERMINISTIC_SCHEDULING = True
    run._r.seed(0)
    try:
        return trio.run(main, *arguments, clock=trio.testing.MockClock(autojump_threshold=0))
    finally:
        run._ALLOW_DETERMINISTIC_SCHEDULING = False


class Client:
    """Writes growing numbers; knows what was acknowledged."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.acknowledged: dict[bytes, int] = {}
        self.written = 0
        self.answers = {"stored": 0, "hit": 0, "miss": 0, "refused": 0}

    def act(self) -> None:
        key = self.world.source.choice(KEYS)
        try:
            if self.world.source.random() < 0.4:
                self._write(key)
            else:
                self._read(key)
        except NodeDown:
            self.answers["refused"] += 1

    def _write(self, key: bytes) -> None:
        self.written += 1
        self.world.router.request(key, self.written)
        self.acknowledged[key] = self.written
        self.answers["stored"] += 1

    def _read(self, key: bytes) -> None:
        found = self.world.router.request(key)
        self.answers["miss" if found is None else "hit"] += 1
        if found is not None:
            assert found >= self.acknowledged.get(key, 0), (
                f"{key!r}: read {found}, acknowledged {self.acknowledged[key]}"
            )


async def trouble(world: World, nursery: trio.Nursery) -> None:
    """Something happens to a node every few seconds."""
    while True:
        await trio.sleep(world.source.expovariate(0.5))
        node = world.source.choice(list(world.nodes.values()))
        match node.state, world.source.random() < 0.5:
            case "alive", True:
                node.state = "hung"
            case "alive", False:
                world.kill(node)
            case "hung", _:
                nursery.start_soon(world.wake, node)
            case _:
                node.state = "alive"


async def traffic(client: Client) -> None:
    while True:
        client.act()
        await trio.sleep(client.world.source.uniform(0, 0.02))


async def live(world: World) -> Client:
    client = Client(world)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.watch.run)
        nursery.start_soon(traffic, client)
        async with trio.open_nursery() as bad_times:
            with trio.move_on_after(SECONDS):
                await trouble(world, bad_times)
        for node in world.nodes.values():
            await world.wake(node)
        await trio.sleep(HEALING_SECONDS)
        nursery.cancel_scope.cancel()
    return client


@pytest.mark.parametrize("seed", SEEDS)
def test_no_stale_value_returns(document, seed):
    world = World(document, seed)
    client = simulate(live, world)
    assert not world.router.down
    assert not world.watch.out
    assert all(node.strays == 0 for node in world.watch.view.values())
    assert world.transport.flushes > 0
    assert world.transport.sweeps > 0
    assert client.answers["refused"] < client.answers["hit"]


def test_a_seed_replays(document):
    first, second = (simulate(live, World(document, 7)).answers for _ in range(2))
    assert first == second


def test_without_the_flush_stale_values_return(document):
    """That the simulation would notice."""

    async def forget(address: str) -> None:
        """Acknowledges, but flushes nothing."""

    failures = 0
    for seed in range(6):
        world = World(document, seed)
        world.transport.flush = forget
        try:
            simulate(live, world)
        except* AssertionError:
            failures += 1
    assert failures


def test_without_the_sweep_stale_values_return(document):
    async def leave(address: str, is_stray: object) -> int:
        return 0

    failures = 0
    for seed in range(6):
        world = World(document, seed)
        world.transport.sweep = leave
        try:
            simulate(live, world)
        except* AssertionError:
            failures += 1
    assert failures


@pytest.mark.parametrize("policy", ["fail", "miss"])
def test_other_policies_move_no_key(policy):
    """And probes bring the node back without a flush."""
    world = World(single_pool(SERVERS, {"down": policy}), 1)
    held_before = world.router.document

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.watch.run)
            node: FakeNode = random.Random(1).choice(list(world.nodes.values()))
            node.state = "hung"
            for _ in range(600):
                Client(world).act()
                await trio.sleep(0.01)
            assert world.router.down
            await world.wake(node)
            await trio.sleep(10)
            nursery.cancel_scope.cancel()

    simulate(main)
    assert not world.router.down
    assert world.router.document == held_before
    assert world.transport.flushes == world.transport.sweeps == 0
