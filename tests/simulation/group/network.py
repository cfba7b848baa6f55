"""Who reaches whom, how long it takes, and the transport that the shipped loop uses over it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from memcluster.redis.group.orders import Order, Status
from memcluster.redis.group.state import NodeConfig
from tests.simulation.group.kernel import Promise

if TYPE_CHECKING:
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


class SimulatedTransport:
    """What `surroundings.Transport` asks for."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def ask(self, nodes: Sequence[NodeConfig], timeout: float) -> Mapping[str, Status]:  # noqa: ASYNC109
        answers: dict[str, Status] = {}
        asked = [self.world.nodes[config.name] for config in nodes]
        calls = [(node, node.status) for node in asked]
        await self._all(calls, lambda place, status: answers.__setitem__(asked[place].name, status), timeout, 0.0)
        return answers

    async def tell(self, orders: Sequence[tuple[NodeConfig, Order]], timeout: float) -> Mapping[int, str]:  # noqa: ASYNC109
        wrong = dict.fromkeys(range(len(orders)), "no answer")

        def note(place: int, refusal: str | None) -> None:
            if refusal is None:
                del wrong[place]
            else:
                wrong[place] = refusal

        await self.world.act("tell")
        calls = [(self.world.nodes[config.name], _execution(self.world, config.name, order)) for config, order in orders]
        await self._all(calls, note, timeout, self.world.network.late_share)
        return wrong

    async def _all(
        self,
        calls: list[tuple[Node, Callable[[], Any]]],
        note: Callable[[int, Any], None],
        timeout: float,  # noqa: ASYNC109
        late_share: float,
    ) -> None:
        """Each call is executed at its node when it gets there, and again nobody knows when if it lay somewhere."""
        if not calls:
            return
        network, kernel = self.world.network, self.world.kernel
        promise = Promise()
        open_calls = len(calls)

        def arrive(place: int, node: Node, call: Callable[[], Any], run: int, lay_there: bool) -> None:  # noqa: FBT001
            if not node.is_running or node.run != run:
                finish()  # Refused at once.
            elif not lay_there and not network.is_connected("", node.name):
                return
            elif node.is_frozen:
                node.stuck.append((arrive, (place, node, call, run, True)))
            else:
                result = call()
                if not promise.is_kept:
                    kernel.after(network.latency(), answered, place, result)

        def answered(place: int, result: Any) -> None:
            if not promise.is_kept:
                note(place, result)
                finish()

        def finish() -> None:
            nonlocal open_calls
            open_calls -= 1
            if open_calls == 0:
                promise.keep()

        for place, (node, call) in enumerate(calls):
            is_late = late_share > 0 and self.world.source.random() < late_share
            delay = self.world.source.uniform(*LATE_SECONDS) if is_late else network.latency()
            kernel.after(delay, arrive, place, node, call, node.run, is_late)
        kernel.after(timeout, promise.keep)
        await promise


def _execution(world: World, name: str, order: Order) -> Callable[[], str | None]:
    return lambda: world.nodes[name].execute(order)
