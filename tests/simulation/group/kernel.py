"""Simulated time: things happen at times, in an order that replays. Tasks are coroutines that wait for Promises.

A task belongs to an Actor, which can be frozen: what it would go on with waits until it is thawed.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator


class Actor:
    """Somebody whose process may be stopped and continued."""

    __slots__ = ("is_frozen", "stuck")

    def __init__(self) -> None:
        self.is_frozen = False
        self.stuck: list[tuple[Callable[..., None], tuple[Any, ...]]] = []


class Promise:
    """Something a task waits for."""

    __slots__ = ("is_kept", "task", "value")

    def __init__(self) -> None:
        self.is_kept = False
        self.value: Any = None
        self.task: Task | None = None

    def __await__(self) -> Generator[Promise, None, Any]:
        if not self.is_kept:
            yield self
        return self.value

    def keep(self, value: Any = None) -> None:
        """Says the value; who waits goes on."""
        if not self.is_kept:
            self.is_kept, self.value = True, value
            if self.task:
                self.task.resume()


class Task:
    """A coroutine on its way."""

    __slots__ = ("actor", "coroutine", "is_over")

    def __init__(self, coroutine: Coroutine[Promise, None, None], actor: Actor) -> None:
        self.coroutine, self.actor, self.is_over = coroutine, actor, False
        self.resume()

    def resume(self) -> None:
        """Goes on to the next promise that is not kept."""
        if self.is_over:
            return
        if self.actor.is_frozen:
            self.actor.stuck.append((self.resume, ()))
            return
        try:
            self.coroutine.send(None).task = self
        except StopIteration:
            self.is_over = True

    def drop(self) -> None:
        """Ends it where it is, as the end of its process does."""
        self.is_over = True
        self.coroutine.close()


class Kernel:
    """The time, and what is to happen."""

    def __init__(self) -> None:
        self.time = 0.0
        self._heap: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = 0

    def at(self, time: float, call: Callable[..., None], *arguments: Any) -> None:
        """Calls at this time."""
        self._count += 1
        heappush(self._heap, (time, self._count, call, arguments))

    def after(self, seconds: float, call: Callable[..., None], *arguments: Any) -> None:
        """Calls after so long."""
        self._count += 1
        heappush(self._heap, (self.time + seconds, self._count, call, arguments))

    def promise(self) -> Promise:
        """One that nobody has kept yet."""
        return Promise()

    def sleep(self, seconds: float) -> Promise:
        """A promise that is kept after so long."""
        promise = self.promise()
        self.after(seconds, promise.keep)
        return promise

    def start(self, coroutine: Coroutine[Promise, None, None], actor: Actor) -> Task:
        """A new task."""
        return Task(coroutine, actor)

    def run(self, until: float) -> None:
        """Lets happen what is to happen until then."""
        heap = self._heap
        while heap and heap[0][0] <= until:
            self.time, _, call, arguments = heappop(heap)
            call(*arguments)
        self.time = until

    def freeze(self, actor: Actor) -> None:
        """Stops it (SIGSTOP)."""
        actor.is_frozen = True

    def thaw(self, actor: Actor) -> None:
        """Continues it: it does what has piled up."""
        actor.is_frozen = False
        stuck, actor.stuck = actor.stuck, []
        for call, arguments in stuck:
            call(*arguments)
