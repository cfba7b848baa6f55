"""The one task that looks after nodes: it observes, asks `health.decide`, performs, and says a sentence for the log.

Router, transport and randomness are arguments and time is trio's, so simulations run this very code.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec
import trio

from memcluster.proxy import health
from memcluster.proxy.health import Action, BringUp, Eject, Flush, NodeView, Pace, Probe, Sweep, TakeDown
from memcluster.proxy.locate import locate
from memcluster.proxy.transport import Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from memcluster.proxy.topology import Rings
    from memcluster.proxy.transport import Transport

OBSERVE_SECONDS = 1.0
"""The router tells when a node goes down; it is also looked at this often, should that word be lost."""

log = logging.getLogger(__name__)


class DataPath(Protocol):
    """What is wanted of the router."""

    def install(self, topology: str) -> None:
        """Replaces the topology."""

    def nodes(self) -> str:
        """JSON: a row a node."""

    def set_node_state(self, name: str, is_up: bool) -> None:
        """A probe's verdict."""


class NodeRow(msgspec.Struct):
    """Of the router's row, what health wants to know."""

    name: str
    state: Literal["up", "down"]


class Watch:
    """Keeps a view of the nodes, and the router's topology in step with it."""

    def __init__(
        self,
        rings: Rings,
        router: DataPath,
        transport: Transport,
        *,
        pace: Pace,
        probe_timeout: float,
        random: Callable[[], float],
        changed: Callable[[], Awaitable[None]],
    ) -> None:
        self.rings = rings
        self.pace = pace
        self.probe_timeout = probe_timeout
        self._router = router
        self._transport = transport
        self._random = random
        self._changed = changed
        self._wake = trio.Event()
        self.version = 1
        self._document = ""
        self.view: dict[str, NodeView] = {}
        self._adopt(rings)

    @property
    def out(self) -> frozenset[str]:
        """The nodes that rings leave out now."""
        return frozenset(node.name for node in self.view.values() if node.is_out)

    async def run(self) -> None:
        """Looks after the nodes until it is cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._listen)
            while True:
                self._wake = trio.Event()
                self._observe()
                for action in health.decide(tuple(self.view.values()), trio.current_time()):
                    self._perform(action, nursery)
                await self._rest()

    def reload(self, rings: Rings, pace: Pace, probe_timeout: float) -> None:
        """Goes over to other settings: nodes that stay keep their state, the router gets the new rings at once."""
        before = self.rings, self.view
        self.rings = rings
        self._adopt(rings)
        try:
            self._install()
        except ValueError:
            self.rings, self.view = before
            raise
        self.pace, self.probe_timeout = pace, probe_timeout
        self._wake.set()

    def _adopt(self, rings: Rings) -> None:
        ejecting = rings.ejecting()
        before, self.view = self.view, {}
        for row in rings.nodes:
            known = before.get(row.name)
            if known is None or known.address != row.address:
                known = NodeView(row.name, row.address)
            self.view[row.name] = replace(known, ejects=row.name in ejecting)

    async def _listen(self) -> None:
        while True:
            await self._changed()
            self._wake.set()

    async def _rest(self) -> None:
        due = health.next_due(tuple(self.view.values()))
        with trio.move_on_at(min(due, trio.current_time() + OBSERVE_SECONDS)):
            await self._wake.wait()

    def _observe(self) -> None:
        for row in msgspec.json.decode(self._router.nodes(), type=list[NodeRow]):
            node = self.view.get(row.name)
            if node is not None and node.is_up and row.state == "down":
                log.warning("%s is down", node.name)
                self.view[node.name] = health.went_down(node, trio.current_time(), self.pace, self._random())

    def _perform(self, action: Action, nursery: trio.Nursery) -> None:
        log.log(logging.DEBUG if isinstance(action, Probe) else logging.INFO, "%s", action.sentence)
        name = action.name
        match action:
            case Eject():
                self.view[name] = health.begun(self.view[name], action)
                self._install()
            case BringUp():
                self._bring_up(name)
            case TakeDown():
                self._router.set_node_state(name, False)
                self._observe()
            case Sweep():
                self.view[name] = health.begun(self.view[name], action)
                nursery.start_soon(self._sweep, name, self.view[name].address)
            case _:
                self.view[name] = health.begun(self.view[name], action)
                ask = self._transport.flush if isinstance(action, Flush) else self._transport.version
                nursery.start_soon(self._ask, name, self.view[name].address, ask)

    def _bring_up(self, name: str) -> None:
        was_out = self.view[name].is_out
        # First up, then in the rings: between the two it gets no request, the other way round it would refuse some.
        self._router.set_node_state(name, True)
        self.view[name] = health.brought_up(self.view[name], trio.current_time())
        if was_out:
            self._install()
            for other in self.view.values():
                if other.ejects and other.name != name:
                    self.view[other.name] = health.has_heired(other)

    async def _ask(self, name: str, address: str, ask: Callable[[str], Awaitable[None]]) -> None:
        complaint = None
        try:
            with trio.fail_after(self.probe_timeout):
                await ask(address)
        except (OSError, trio.BrokenResourceError, trio.TooSlowError, Refused) as error:
            complaint = str(error) or type(error).__name__
        node = self.view.get(name)
        if node is not None and node.address == address and not node.is_up:  # else gone with a reload meanwhile
            self._answered(node, complaint)

    def _answered(self, node: NodeView, complaint: str | None) -> None:
        if complaint is None:
            self.view[node.name] = health.succeeded(node, trio.current_time(), self.pace)
        else:
            is_news = node.failures == 0 or node.step is health.Step.FLUSHING
            log.log(logging.WARNING if is_news else logging.DEBUG, "%s is still down: %s", node.name, complaint)
            self.view[node.name] = health.failed(node, trio.current_time(), self.pace, self._random())
        self._wake.set()

    async def _sweep(self, name: str, address: str) -> None:
        is_done = True
        try:
            count = await self._transport.sweep(address, lambda key: name not in self._holders(key))
            log.info("%s: deleted %d keys that belong to other nodes", name, count)
        except Refused as error:
            log.warning(
                "%s: what it held for nodes that are back stays and may be read if they go again: %s", name, error
            )
        except (OSError, trio.BrokenResourceError, trio.TooSlowError) as error:
            is_done = False
            log.warning("%s: what it held for nodes that are back is not deleted: %r", name, error)
        node = self.view.get(name)
        if node is not None and node.address == address:
            now = trio.current_time()
            self.view[name] = health.swept(node) if is_done else health.not_swept(node, now, self.pace)
            self._wake.set()

    def _holders(self, key: bytes) -> list[str]:
        return locate(self._document, key)[1]

    def _install(self) -> None:
        self.version += 1
        self._document = self.rings.topology(self.version, self.out).encode()
        self._router.install(self._document)
