"""A world without sockets: nodes that die and hang, a router that fails as the real one does, clients that check.

The proxy's `Watch` runs in it unchanged, on a clock that jumps. Keys are placed by the engine's own `locate`.
"""

import json
import random
from dataclasses import dataclass, field

import trio

from memcluster import _native
from memcluster.proxy.health import Pace
from memcluster.proxy.pools import Document
from memcluster.proxy.topology import Rings
from memcluster.proxy.watch import Watch

FAILURE_LIMIT = 3
SECONDS_TO_WAKE = 0.1
"""A node that hung executes within so long what still lies in its sockets."""


@dataclass
class FakeNode:
    """A server: what it holds, and whether it is there."""

    address: str
    state: str = "alive"  # or "dead", "hung"
    held: dict[bytes, int] = field(default_factory=dict)
    stuck: list[tuple[bytes, int]] = field(default_factory=list)
    """Writes that were sent to it while it hung."""


class NodeDown(Exception):  # noqa: N818
    """The client's error reply."""


class FakeRouter:
    """What native/router does, as far as health can see it."""

    def __init__(self, nodes: dict[str, FakeNode]) -> None:
        self.servers = nodes
        self.document = ""
        self.down: set[str] = set()
        self.failures = dict.fromkeys(nodes, 0)
        self.change = trio.Event()

    def install(self, topology: str) -> None:
        self.document = topology

    def nodes(self) -> str:
        return json.dumps([{"name": name, "state": "down" if name in self.down else "up"} for name in self.servers])

    def set_node_state(self, name: str, is_up: bool) -> None:
        if is_up:
            self.down.discard(name)
            self.failures[name] = 0
        else:
            self.down.add(name)

    async def changed(self) -> None:
        await self.change.wait()
        self.change = trio.Event()

    def request(self, key: bytes, value: int | None = None) -> int | None:
        """A set, or a get that returns what is held; NodeDown if the node gives no answer."""
        name = _native.locate(self.document, key)[1][0]
        node = self.servers[name]
        if name in self.down:
            raise NodeDown(name)
        if node.state != "alive":
            if node.state == "hung" and value is not None:
                node.stuck.append((key, value))
            self._failed(name)
            raise NodeDown(name)
        self.failures[name] = 0
        if value is None:
            return node.held.get(key)
        node.held[key] = value
        return None

    def _failed(self, name: str) -> None:
        self.failures[name] += 1
        if self.failures[name] >= FAILURE_LIMIT:
            self.down.add(name)
            self.change.set()


class FakeTransport:
    """Probes of FakeNodes; they take a little while."""

    def __init__(self, nodes: dict[str, FakeNode], source: random.Random) -> None:
        self.nodes = {node.address: node for node in nodes.values()}
        self.source = source
        self.flushes = 0
        self.sweeps = 0

    async def version(self, address: str) -> None:
        await self._reach(address)

    async def flush(self, address: str) -> None:
        await self._reach(address)
        self.nodes[address].held.clear()
        self.flushes += 1
        await trio.sleep(self.source.uniform(0, 0.01))

    async def sweep(self, address: str, is_stray: object) -> int:
        assert callable(is_stray)
        count = 0
        for key in list(self.nodes[address].held):
            with trio.fail_after(1):
                await self._reach(address, fault_share=0.001)
            if is_stray(key):
                self.nodes[address].held.pop(key, None)
                count += 1
        self.sweeps += 1
        return count

    async def _reach(self, address: str, fault_share: float = 0.01) -> None:
        await trio.sleep(self.source.uniform(0, 0.01))
        match self.nodes[address].state:
            case "dead":
                raise OSError("connection refused")
            case "hung":
                await trio.sleep_forever()
        if self.source.random() < fault_share:
            raise trio.BrokenResourceError("closed the connection")


class World:
    """Everything together, driven by one source of randomness."""

    def __init__(self, document: Document, seed: int) -> None:
        self.source = random.Random(seed)
        self.rings = Rings(document)
        self.nodes = {row.name: FakeNode(row.address) for row in self.rings.nodes}
        self.router = FakeRouter(self.nodes)
        self.router.install(self.rings.topology(1).encode())
        self.transport = FakeTransport(self.nodes, self.source)
        self.watch = Watch(
            self.rings,
            self.router,
            self.transport,
            pace=Pace(interval=0.5, interval_max=4, probes_needed=2),
            probe_timeout=0.3,
            random=self.source.random,
            changed=self.router.changed,
        )

    async def wake(self, node: FakeNode) -> None:
        """The node goes on, and does what it was asked to meanwhile: before a probe is answered, or some time after.

        That writes overtake each other on a node that never was down, no proxy can prevent, so it does not happen here.
        """
        node.state = "alive"
        if any(self.nodes[name] is node for name in self.router.down):
            await trio.sleep(self.source.uniform(0, SECONDS_TO_WAKE))
        if node.state == "alive":
            node.held.update(node.stuck)
            node.stuck.clear()

    def kill(self, node: FakeNode) -> None:
        """As kill -9 does it: what it held is gone."""
        node.state = "dead"
        node.held.clear()
        node.stuck.clear()
