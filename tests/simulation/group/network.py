"""Who reaches whom, how long it takes, and the transport that the shipped loop uses over it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from memcluster.redis.group.surroundings import NO_ANSWER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from memcluster.redis.group.orders import Order, Status
    from memcluster.redis.group.state import NodeConfig
    from tests.simulation.group.node import Node
    from tests.simulation.group.world import World

LATENCY_SECONDS = (0.0002, 0.003)
SLOW_SECONDS = (0.01, 0.3)
SLOW_REPLICATION_SECONDS = 0.8
LATE_SECONDS = (0.3, 4.0)
"""An order that lies somewhere until long after nobody waits for its answer."""


class Network:
    """Latencies and partitions. Nodes are known by name, supervisors as one side that is called ""."""

    def __init__(self, world: World) -> None:
        self.world, self.source = world, world.source
        self.cut: set[frozenset[str]] = set()
        self.is_slow = False
        self.slow_nodes: set[str] = set()
        """Nodes whose replication is slow."""
        self.late_share = 0.04
        self._random = world.source.random

    def latency(self) -> float:
        low, high = SLOW_SECONDS if self.is_slow else LATENCY_SECONDS
        return low + self._random() * (high - low)

    def is_connected(self, one: str, other: str) -> bool:
        return not self.cut or frozenset((one, other)) not in self.cut

    def carry(self, sender: Node, receiver: Node, call: Callable[..., None], *arguments: Any) -> None:
        """Between nodes. What a partition swallows breaks the connection it belonged to."""
        seconds = self.latency()
        if self.slow_nodes and (sender.name in self.slow_nodes or receiver.name in self.slow_nodes):
            seconds += self._random() * SLOW_REPLICATION_SECONDS
        self.world.kernel.after(seconds, self._arrive, sender, receiver, call, arguments, receiver.run)

    def _arrive(
        self, sender: Node, receiver: Node, call: Callable[..., None], arguments: tuple[Any, ...], run: int
    ) -> None:
        if not receiver.is_running or receiver.run != run:
            return
        if self.cut and frozenset((sender.name, receiver.name)) in self.cut:
            receiver.broken(arguments[0]) if hasattr(arguments[0], "is_busy") else None
        elif receiver.is_frozen:
            receiver.stuck.append((call, arguments))
        else:
            call(*arguments)


class Calls:
    """Some calls to nodes at once. Each is executed when it gets there, even if nobody waits for it any more."""

    def __init__(self, world: World, count: int, note: Callable[[int, Any], None]) -> None:
        self.world, self.note, self.open = world, note, count
        self.promise = world.kernel.promise()

    def send(self, place: int, node: Node, call: Callable[[], Any], late_share: float) -> None:
        network, source = self.world.network, self.world.source
        is_late = late_share > 0 and source.random() < late_share
        delay = source.uniform(*LATE_SECONDS) if is_late else network.latency()
        self.world.kernel.after(delay, self._arrive, place, node, call, node.run, is_late)

    def _arrive(self, place: int, node: Node, call: Callable[[], Any], run: int, lay_there: bool) -> None:
        if not node.is_running or node.run != run:
            self._finish()  # Refused at once.
        elif not lay_there and not self.world.network.is_connected("", node.name):
            return
        elif node.is_frozen:
            node.stuck.append((self._arrive, (place, node, call, run, True)))
        else:
            result = call()
            if not self.promise.is_kept:
                self.world.kernel.after(self.world.network.latency(), self._answered, place, result)

    def _answered(self, place: int, result: Any) -> None:
        if not self.promise.is_kept:
            self.note(place, result)
            self._finish()

    def _finish(self) -> None:
        self.open -= 1
        if self.open == 0:
            self.promise.keep()


class SimulatedTransport:
    """What `surroundings.Transport` asks for."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def ask(self, nodes: Sequence[NodeConfig], timeout: float) -> Mapping[str, Status]:  # noqa: ASYNC109
        answers: dict[str, Status] = {}
        asked = [self.world.nodes[config.name] for config in nodes]
        calls = Calls(self.world, len(asked), lambda place, status: answers.__setitem__(asked[place].name, status))
        for place, node in enumerate(asked):
            calls.send(place, node, node.status, 0.0)
        await self._answers(calls, timeout)
        return answers

    async def tell(self, orders: Sequence[tuple[NodeConfig, Order]], timeout: float) -> Mapping[int, str]:  # noqa: ASYNC109
        wrong = dict.fromkeys(range(len(orders)), NO_ANSWER)

        def note(place: int, refusal: str | None) -> None:
            if refusal is None:
                del wrong[place]
            else:
                wrong[place] = refusal

        await self.world.act("tell")
        calls = Calls(self.world, len(orders), note)
        for place, (config, order) in enumerate(orders):
            node = self.world.nodes[config.name]
            calls.send(place, node, partial(node.execute, order), self.world.network.late_share)
        await self._answers(calls, timeout)
        return wrong

    async def _answers(self, calls: Calls, timeout: float) -> None:  # noqa: ASYNC109
        if calls.open:
            self.world.kernel.after(timeout, calls.promise.keep)
            await calls.promise
