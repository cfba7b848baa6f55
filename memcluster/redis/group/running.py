"""A group that runs: its loop, its ports, and what the control channel and Sentinel's clients ask of it.

supervisor ──on_change──> clock rings ──> loop's turn ──> picture ──> Sentinel's subscribers
control, Sentinel ──> a request in the store ──> the loop ──> an event that names the request
"""

from __future__ import annotations

import logging
import time
import uuid
from contextlib import aclosing, closing
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import trio
from msgspec.structs import replace

from memcluster.cluster.store.entries import Compare, Put, StoreUnavailable
from memcluster.errors import MemclusterError
from memcluster.redis.backup import engine
from memcluster.redis.backup.create import World
from memcluster.redis.backup.keeper import Keeper
from memcluster.redis.backup.source import Node
from memcluster.redis.group import events
from memcluster.redis.group.alarm import Clock
from memcluster.redis.group.election import adopt
from memcluster.redis.group.endpoints import relayed
from memcluster.redis.group.facts import Facts
from memcluster.redis.group.identity import own_name
from memcluster.redis.group.loop import Loop
from memcluster.redis.group.sentinel.picture import draw
from memcluster.redis.group.sentinel.server import Sentinel
from memcluster.redis.group.state import Config, Request, prefix, read, write
from memcluster.redis.group.surroundings import Surroundings
from memcluster.redis.group.transport import NodePorts
from memcluster.redis.group.view import Pointed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from memcluster.cluster.store.contract import Store
    from memcluster.redis.group.endpoints import RelayedPorts
    from memcluster.redis.group.members import Ports
    from memcluster.redis.group.orders import Status
    from memcluster.redis.group.state import Event, NodeConfig
    from memcluster.redis.group.surroundings import Processes
    from memcluster.redis.group.table import GroupTable
    from memcluster.redis.group.view import NodeView, View

REST_AFTER_FAULT_SECONDS = 1.0
"""After a turn that failed by a fault of ours."""
ATTEMPTS_MAX = 10
"""To write a fact that somebody else is writing at the same time."""

log = logging.getLogger(__name__)


@dataclass
class RunningGroup:
    """One group of this supervisor."""

    table: GroupTable
    nodes: tuple[NodeConfig, ...]
    ports: Ports
    store: Store
    path: Path
    """Its folder."""
    clock: Clock = field(default_factory=Clock)
    is_deleted: bool = False
    leads: trio.Event = field(default_factory=trio.Event)
    """Clients have been led to a primary."""
    _loop: Loop | None = None
    _endpoints: RelayedPorts | None = None
    _asked: trio.Event = field(default_factory=trio.Event)
    _is_attended: trio.Event = field(default_factory=trio.Event)

    def __post_init__(self) -> None:
        self.sentinel = Sentinel(self.table.name, self._fail_over)
        world = World(self._answering, self.table.login, engine.check)
        self.keeper = Keeper(self.name, self.table.snapshots, world, partial(events.tell, self.store, self.name))
        self._is_attended.set()

    @property
    def name(self) -> str:
        """Its name."""
        return self.table.name

    @property
    def has_begun(self) -> bool:
        """Whether there is something to be seen of it."""
        return self._loop is not None and self._endpoints is not None

    @property
    def view(self) -> View:
        """How it is seen now."""
        if self._loop is None:
            raise MemclusterError(f"{self.name} is being started: ask again in a moment")
        return self._loop.view

    @property
    def addresses(self) -> dict[str, str]:
        """The ports that clients know."""
        return self.ports.addresses

    @property
    def endpoints(self) -> RelayedPorts:
        """The relayed ports."""
        if self._endpoints is None:
            raise MemclusterError(f"{self.name} is being started: ask again in a moment")
        return self._endpoints

    async def run(self, processes: Processes) -> None:
        """Keeps it well until it is cancelled."""
        with (
            closing(NodePorts(self.table.login)) as transport,
            relayed(self.table.places, self.ports, self.nodes) as self._endpoints,
        ):
            surroundings = Surroundings(transport, processes, self._endpoints, self.clock)
            # The folder's lock is ours: whoever supervised before us has ended, and so have its nodes.
            me, settings = own_name(), self.table.settings
            self._loop = Loop(self.name, settings, self.store, surroundings, me=me, is_gone=lambda _: True)
            async with trio.open_nursery() as nursery:
                await nursery.start(self.sentinel.serve, self.ports.sentinel.socket)
                nursery.start_soon(self._fail_over_when_asked)
                await self._write_config()
                nursery.start_soon(self.keeper.run)
                await self._keep(self._loop)
                nursery.cancel_scope.cancel()

    async def _keep(self, loop: Loop) -> None:
        while True:
            await self._is_attended.wait()
            if self.is_deleted:
                return
            try:
                until = await loop.turn()
                if loop.view.pointed.primary:
                    self.leads.set()
                self.sentinel.show(draw(self.name, loop.view, self.sentinel.picture, self.clock.now()))
            except Exception:
                # Nodes serve as long as their lease lasts; a supervisor that ended now would end them all.
                log.exception("%s: a turn failed", self.name)
                until = self.clock.now() + REST_AFTER_FAULT_SECONDS
            await self.clock.wait(until)

    # --- while somebody else has it

    @property
    def is_held(self) -> bool:
        """Whether nobody decides about it."""
        return not self._is_attended.is_set()

    def primary_node(self) -> NodeView:
        """Who was named primary last; MemclusterError while there is an election."""
        leader = self.view.state.leader if self.view.state else None
        node = self.view.find(leader.node) if leader else None
        if node is None:
            raise MemclusterError(f"{self.name} has no primary now: wait for `memcluster status` to show one")
        return node

    def hold(self, why: str) -> None:
        """Nobody decides about this group until `let_go`: no client reaches it, and its primary's lease runs out."""
        if self.is_held:
            raise MemclusterError(f"{self.name} is held already: `memcluster events {self.name}` says what for")
        log.info("%s: nobody decides about it: %s", self.name, why)
        self._is_attended = trio.Event()
        self.endpoints.point(None, ())

    async def adopt(self, why: str) -> None:
        """What the primary's node holds now is the group's data, in an epoch of its own."""
        node = self.primary_node()
        status = await self.ask_node(node.config)
        if not self.is_held or status is None:
            raise MemclusterError(f"{node.name} does not answer, or {self.name} is not held: see `memcluster status`")
        facts = Facts(self.name, self.store)
        for _ in range(ATTEMPTS_MAX):
            state = await facts.read()
            if await facts.record(state, adopt(self.view, state, replace(node, status=status), why), time.time()):
                return
        raise MemclusterError(f"{self.name}: its state cannot be written: others write all the time")

    def let_go(self) -> None:
        """It is decided about again, and clients are led to its primary as soon as that serves."""
        if not self.is_held:
            raise MemclusterError(f"{self.name} is not held: there is nothing to end")
        if self._loop is not None:
            self._loop.view = replace(self._loop.view, pointed=Pointed())
        self._is_attended.set()
        self.clock.ring()

    def forget(self) -> None:
        """It is deleted: nobody decides about it any more."""
        self.is_deleted = True
        self.clock.ring()

    async def ask_node(self, node: NodeConfig) -> Status | None:
        """What it says of itself; None: nothing in time."""
        assert self._loop is not None
        return (await self._loop.transport.ask([node], float(self.table.settings.probe))).get(node.name)

    def _answering(self) -> list[Node]:
        """The nodes as they were seen last, those that answer."""
        return [Node(node.config.address, node.status) for node in self.view.nodes if node.is_reachable and node.status]

    async def _write_config(self) -> None:
        """What is wanted, as the file says it."""
        settings = self.table.settings
        wanted = Config(self.nodes, settings.durability, int(settings.lag_max))
        for _ in range(ATTEMPTS_MAX):
            try:
                state = read(self.name, await self.store.range(prefix(self.name)))
                key = f"{prefix(self.name)}config"
                compare = Compare(key, state.revisions.get("config", 0))
                if state.config == wanted or await self.store.commit([compare], [Put(key, write(wanted))]):
                    return
            except StoreUnavailable as error:
                log.warning("%s: the state store does not answer: %s", self.name, error)
                await trio.sleep(REST_AFTER_FAULT_SECONDS)
        raise MemclusterError(f"{self.name}: its state cannot be written: see the disk of its dir")

    # --- what operators ask for

    async def ask(self, request: Request) -> AsyncGenerator[Event, None]:
        """Puts the request where the loop sees it, and yields what happens until it has come about or has failed."""
        if self.is_held:
            raise MemclusterError(f"{self.name} is held: `memcluster events {self.name}` says what for; end that first")
        after = await events.latest(self.store, self.name)
        await self._put(request)
        async with aclosing(events.follow(self.store, self.name, after)) as happening:
            async for event in happening:
                yield event
                if event.request == request.id:
                    return

    async def _put(self, request: Request) -> None:
        key = f"{prefix(self.name)}request"
        if not await self.store.commit([Compare(key, 0)], [Put(key, write(request))]):
            raise MemclusterError(f"{self.name}: a failover is under way already: `memcluster events` says how it goes")
        self.clock.ring()

    def _fail_over(self) -> str | None:
        """What SENTINEL FAILOVER begins; why not, if it cannot."""
        picture = self.sentinel.picture
        if picture.is_electing:
            return "INPROG Failover already in progress"
        if all(replica.is_down for replica in picture.replicas):
            return "NOGOODSLAVE No suitable replica to promote"
        self._asked.set()
        return None

    async def _fail_over_when_asked(self) -> None:
        while True:
            await self._asked.wait()
            self._asked = trio.Event()
            try:
                await self._put(new_request("now"))
            except MemclusterError as error:
                log.warning("SENTINEL FAILOVER: %s", error)


def new_request(kind: str, to: str | None = None, *, accept_loss: bool = False) -> Request:
    """A request of now, with a name of its own."""
    return Request(uuid.uuid4().hex, kind, to, accept_loss, time.time())  # type: ignore[arg-type]
