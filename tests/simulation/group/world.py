"""A group with nodes, network, store, supervisors and clients, driven by one source of randomness."""

from __future__ import annotations

import random

from memcluster.config import Seconds
from memcluster.redis.group.loop import Loop
from memcluster.redis.group.settings import GroupSettings, check
from memcluster.redis.group.state import Config, NodeConfig
from memcluster.redis.group.surroundings import Surroundings
from memcluster.redis.group.view import NEVER
from tests.simulation.group.bugs import Bugs
from tests.simulation.group.checks import Checks
from tests.simulation.group.kernel import Actor, Kernel, Promise, Task
from tests.simulation.group.network import Network, SimulatedTransport
from tests.simulation.group.node import SYNC_SECONDS, Node
from tests.simulation.group.storing import GROUP, SimulatedStore

SETTINGS = check(
    GroupSettings(
        lease_ttl=Seconds(1.2),
        lease_renew=Seconds(0.25),
        lease_margin=Seconds(0.1),
        probe=Seconds(0.2),
        patience=Seconds(0.4),
        pause_max=Seconds(0.15),
        request_timeout=Seconds(4),
    ),
    "simulation",
)
DURABILITIES = ("sync:1", "sync:1", "sync:1", "sync:2", "bounded:300", "async")
WRITE_SHARE = 0.7
CLIENT_SECONDS = 0.075
STALE_CLIENT_SHARE = 0.35


class Supervisor(Actor):
    """A supervisor: the loop that ships, and what it asks of processes, endpoints and time."""

    def __init__(self, world: World, number: int) -> None:
        super().__init__()
        self.world, self.name = world, f"supervisor-{number}"
        self.rate = 1 + world.source.uniform(-world.drift, world.drift)
        self.is_running = True
        self.wake: Promise | None = None
        surroundings = Surroundings(SimulatedTransport(world), self, self, self)
        self.loop = Loop(GROUP, world.settings, world.store, surroundings, me=self.name, is_gone=self.is_gone)
        self.task: Task = world.kernel.start(self.loop.run(), self)

    def is_gone(self, name: str) -> bool:
        is_running = any(other.name == name and other.is_running for other in self.world.supervisors)
        return not is_running or self.world.bugs.compares_nothing

    def crash(self) -> None:
        self.is_running = False
        self.task.drop()

    # Processes

    def running(self, name: str) -> str | None:
        node = self.world.nodes[name]
        return str(node.run) if node.is_running else None

    def retire(self, name: str) -> None:
        self.world.nodes[name].crash()

    # Endpoints

    def point(self, primary: str | None, readers: tuple[str, ...]) -> None:
        self.world.former = self.world.pointed or self.world.former
        self.world.pointed = primary

    # Alarm

    def now(self) -> float:
        return self.world.kernel.time * self.rate

    def wall(self) -> float:
        return self.world.kernel.time

    async def wait(self, until: float) -> None:
        if until == NEVER:
            return
        promise = self.wake = self.world.kernel.promise()
        self.world.kernel.at(max(until / self.rate, self.world.kernel.time), promise.keep)
        await promise


class World:
    """Everything together."""

    def __init__(self, seed: int, bugs: Bugs | None = None, kernel: Kernel | None = None) -> None:
        self.source = random.Random(seed)
        self.seed, self.bugs = seed, bugs or Bugs()
        self.kernel = kernel or Kernel()
        self.settings = SETTINGS
        self.drift = self.source.choice((0.0, 0.005, 0.02))
        self.bound = 0.3
        self.written = 0
        self.accepted_loss = False
        self.freezes_at = ""
        self.pointed: str | None = None
        self.former: str | None = None
        """Where clients were led before."""
        self.network = Network(self)
        self.carry, self.is_connected = self.network.carry, self._are_connected
        self.checks = Checks(self)
        self.store = SimulatedStore(self)
        self.nodes: dict[str, Node] = {}
        count = self.source.choice((2, 3, 3, 3, 4))
        is_always_synced = self.source.random() < 0.3
        self.config = Config(
            tuple(self.new_node(is_always_synced=is_always_synced) for _ in range(count)),
            self.draw_durability(count),
        )
        self.store.write("config", self.config)
        self.supervisors: list[Supervisor] = []
        self.restarts: dict[str, float] = {}

    def draw_durability(self, count: int) -> str:
        return self.source.choice([each for each in DURABILITIES if each != "sync:2" or count > 2])

    def new_node(self, *, is_always_synced: bool) -> NodeConfig:
        name = f"n{len(self.nodes) + 1}"
        config = NodeConfig(name, name, 1, zone=f"z{len(self.nodes) % 2}")
        self.nodes[name] = Node(self, config, is_always_synced=is_always_synced)
        return config

    def _are_connected(self, one: Node, other: Node) -> bool:
        return self.network.is_connected(one.name, other.name)

    def begin(self) -> None:
        """Nodes, a supervisor and clients start."""
        for node in self.nodes.values():
            node.start()
            self.kernel.after(SYNC_SECONDS * self.source.random(), self._sync, node)
        self.start_supervisor()
        self.kernel.after(CLIENT_SECONDS, self._client)

    def start_supervisor(self) -> None:
        self.supervisors.append(Supervisor(self, len(self.supervisors) + 1))

    async def act(self, kind: str) -> None:
        """A supervisor is about to order or to record something: the moment at which a freeze is worst."""
        if self.freezes_at == kind:
            self.freezes_at = ""
            self.freeze_supervisor_for(1 + self.source.expovariate(0.7))
            await self.kernel.sleep(0)

    def freeze_supervisor_for(self, seconds: float) -> None:
        for supervisor in self.supervisors[-1:]:
            if supervisor.is_running:
                self.kernel.freeze(supervisor)
                self.kernel.after(seconds, self.kernel.thaw, supervisor)

    def tell_supervisors(self) -> None:
        """Something happened that a supervisor hears of at once: a process of its own ended."""
        for supervisor in self.supervisors:
            if supervisor.is_running and supervisor.wake:
                supervisor.wake.keep()

    def _sync(self, node: Node) -> None:
        node.sync()
        self.kernel.after(SYNC_SECONDS, self._sync, node)

    def _client(self) -> None:
        """A request: most by the endpoint, some over a connection to whoever once was primary."""
        source = self.source
        self.kernel.after(source.random() * 2 * CLIENT_SECONDS, self._client)
        is_stale = source.random() < STALE_CLIENT_SHARE
        name = source.choice((self.former, self.former, *self.nodes)) if is_stale else self.pointed
        if name is None:
            return
        known = len(self.checks.known)
        is_write = source.random() < (1 - WRITE_SHARE if is_stale else WRITE_SHARE)
        self.kernel.after(self.network.latency(), self._request, self.nodes[name], is_write, known)

    def _request(self, node: Node, is_write: bool, known: int) -> None:
        if not node.is_running:
            return
        if node.is_frozen:
            node.stuck.append((self._request, (node, is_write, known)))
        else:
            node.request(is_write, known)

    def serving(self) -> Node | None:
        """The node that clients can write to."""
        for node in self.nodes.values():
            node.look_at_lease() if node.is_running else None
            if node.is_running and not node.is_frozen and node.role == "primary":
                return node
        return None
