"""A schedule of one simulated life: what happens to nodes, what a client does meanwhile, and how it all runs."""

from collections.abc import Callable
from typing import Any

import trio
import trio.testing

from tests.simulation.world import NodeDown, World

KEYS = [b"key:%d" % number for number in range(40)]
SECONDS = 120.0
HEALING_SECONDS = 60.0


def simulate(main: Callable[..., Any], *arguments: object) -> Any:
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


async def hang_for_a_while(world: World) -> None:
    """One node hangs under traffic until it is down, and goes on."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.watch.run)
        node = world.source.choice(list(world.nodes.values()))
        node.state = "hung"
        with trio.move_on_after(6):
            await traffic(Client(world))
        assert world.router.down
        await world.wake(node)
        await trio.sleep(10)
        nursery.cancel_scope.cancel()
