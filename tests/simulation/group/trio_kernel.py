"""The kernel over trio: the supervisors' loops are trio's tasks, and time is its MockClock. Slower; the same worlds."""

from __future__ import annotations

from contextvars import ContextVar
from heapq import heappop
from typing import TYPE_CHECKING, Any

import trio

from tests.simulation.group.kernel import Actor, Kernel, Promise, Task
from tests.simulation.group.schedule import script
from tests.simulation.group.world import World
from tests.simulation.schedule import simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

whose: ContextVar[Actor] = ContextVar("whose")


class TrioPromise(Promise):
    """Waited for by trio's own means."""

    __slots__ = ("event",)

    def __init__(self) -> None:
        super().__init__()
        self.event = trio.Event()

    def __await__(self) -> Generator[Any, None, Any]:
        yield from self._wait().__await__()
        return self.value

    async def _wait(self) -> None:
        await self.event.wait()
        actor = whose.get()
        while actor.is_frozen:
            thawed = trio.Event()
            actor.stuck.append((thawed.set, ()))
            await thawed.wait()

    def keep(self, value: Any = None) -> None:
        """Says the value."""
        if not self.is_kept:
            self.is_kept, self.value = True, value
            self.event.set()


class TrioTask(Task):
    """A task of trio's, which can be ended where it is."""

    __slots__ = ("scope",)

    def __init__(self, coroutine: Coroutine[Any, Any, None], actor: Actor, nursery: trio.Nursery) -> None:
        self.coroutine, self.actor, self.is_over = coroutine, actor, False
        self.scope = trio.CancelScope()
        nursery.start_soon(self._run)

    async def _run(self) -> None:
        whose.set(self.actor)
        with self.scope:
            await self.coroutine

    def drop(self) -> None:
        """Ends it."""
        self.is_over = True
        self.scope.cancel()


class TrioKernel(Kernel):
    """Lets things happen from one task of trio's."""

    def __init__(self, nursery: trio.Nursery) -> None:
        super().__init__()
        self.nursery, self.started = nursery, trio.current_time()
        self.added = trio.Event()

    def promise(self) -> Promise:
        return TrioPromise()

    def start(self, coroutine: Coroutine[Any, Any, None], actor: Actor) -> Task:
        return TrioTask(coroutine, actor, self.nursery)

    def at(self, time: float, call: Callable[..., None], *arguments: Any) -> None:
        super().at(time, call, *arguments)
        self.added.set()

    def after(self, seconds: float, call: Callable[..., None], *arguments: Any) -> None:
        self.at(self.time + seconds, call, *arguments)

    async def run_under_trio(self, until: float) -> None:
        """Lets happen what is to happen until then."""
        while True:
            self.added = trio.Event()
            due = min(self._heap[0][0], until) if self._heap else until
            with trio.move_on_at(self.started + due):
                await self.added.wait()
                continue
            self.time = max(self.time, due)
            if not self._heap or self._heap[0][0] > until:
                return
            if self._heap[0][0] <= due:
                _, _, call, arguments = heappop(self._heap)
                call(*arguments)


def play_under_trio(seed: int) -> World:
    """The schedule of this seed, on a clock that jumps."""

    async def main() -> World:
        async with trio.open_nursery() as nursery:
            kernel = TrioKernel(nursery)
            world = World(seed, kernel=kernel)
            for until in script(world):
                await kernel.run_under_trio(until)
            nursery.cancel_scope.cancel()
        return world

    world: World = simulate(main)
    return world
