"""Runs a cluster's processes on this host: sees what happens to them, asks plan.decide, and does it.

    child's pipe, child's exit, signal ──> events ──> View ──> decide ──> start, stop, kill
                                                        └──> record (for `memcluster status`)

Everything that happens goes through one channel into one loop, so nothing here runs beside anything else that decides.
"""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import trio

from memcluster.cluster import plan, record
from memcluster.cluster.child import Child, Lifeline, describe_end
from memcluster.cluster.discovery import FIRST_VERSION, ClusterConfig, tell
from memcluster.errors import NodeError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from memcluster.cluster.settings import ClusterSettings

EVENTS_WAITING_MAX = 1024
TELL_TIMEOUT_SECONDS = 2.0
TELL_PAUSE_SECONDS = 0.5
TELLS_MAX = 10
"""How long a node may take for its list, and how often it is given it, with longer pauses each time."""
NEVER_STARTED = 127
"""The status of a process that could not be made, as a shell has it."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """A process to be kept running: what it is, where it serves, and the command line that starts it."""

    name: str
    role: plan.Role
    host: str
    port: int
    arguments: tuple[str, ...]
    holds: tuple[int, ...] = ()
    """Descriptors that it keeps open while it lives: a lock on its data is held until the last process has ended."""
    start_timeout: float | None = None
    """Of its own, for one that has much to load."""

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Served:
    """A process said that it serves."""

    name: str


@dataclass(frozen=True)
class Ended:
    """A process is gone."""

    name: str
    status: int


@dataclass(frozen=True)
class Drain:
    """Somebody wants the cluster to end."""

    why: str


@dataclass(frozen=True)
class Retire:
    """A process is needed no longer."""

    name: str


Event = Served | Ended | Drain | Retire


@dataclass
class Supervisor:
    """Keeps the parts running until it is told to drain."""

    parts: tuple[Part, ...]
    settings: ClusterSettings
    on_serving: Callable[[], None]
    """Called once, when every part serves for the first time."""
    record_path: Path | None = None
    port: int = 0
    """What names the cluster among those of this user."""
    groups: tuple[record.Group, ...] = ()
    """What the record says of its groups."""
    pool: dict[str, str] = field(default_factory=dict)
    """What the record says of how keys are placed."""
    on_change: Callable[[], None] = lambda: None
    """Called whenever something has happened to a process, or the cluster is to end."""
    has_begun: trio.Event = field(default_factory=trio.Event)
    """The processes that need wait for no other have been started."""
    _children: dict[str, Child] = field(default_factory=dict)
    _started: float = field(default_factory=time.time)
    _failure: str | None = None
    _has_served: bool = False

    def __post_init__(self) -> None:
        members = (plan.Member(part.name, part.role, start_timeout=part.start_timeout) for part in self.parts)
        self.view = plan.View(tuple(members))
        self._send, self._events = trio.open_memory_channel[Event](EVENTS_WAITING_MAX)

    async def run(self) -> None:
        """Returns when everything has ended; NodeError if the cluster never came up."""
        lifeline = Lifeline.open()
        try:
            async with trio.open_nursery() as nursery:
                await self._keep(nursery, lifeline)
                nursery.cancel_scope.cancel()
        finally:
            lifeline.close()
        if self._failure:
            raise NodeError(self._failure)

    def drain(self, why: str) -> None:
        """Ends the cluster: the proxy first, then the nodes. Said twice, it ends them at once."""
        self._hear(Drain(why), why)

    def give_up(self, why: str) -> None:
        """Ends the cluster because of a failure: `run` raises it as a NodeError."""
        self._failure = why
        self.drain(why)

    def retire(self, name: str) -> None:
        """Stops a process and does not start it again."""
        self._hear(Retire(name), f"{name} is needed no longer")

    def running(self, name: str) -> str | None:
        """What names the process that runs under this name, as no other is ever named; None: none does."""
        member, child = self.view.find(name), self._children.get(name)
        return f"{child.process.pid}/{member.starts}" if child and member.state is not plan.State.ENDED else None

    def _hear(self, event: Event, what: str) -> None:
        try:
            self._send.send_nowait(event)
        except trio.WouldBlock:
            log.warning("too much happens at a time to hear: %s", what)

    async def _keep(self, nursery: trio.Nursery, lifeline: Lifeline) -> None:
        while True:
            # What is done may ask for more at once: to give up is to stop those that run, and with none nothing
            # happens any more.
            while actions := plan.decide(self.view, trio.current_time(), self.settings):
                for action in actions:
                    await self._perform(action, nursery, lifeline)
            self.has_begun.set()
            if self.view.has_ended:
                return
            deadline = plan.wake_at(self.view, self.settings)
            with trio.move_on_at(deadline if deadline is not None else float("inf")):
                self._note(await self._events.receive(), nursery)
                self.on_change()
            self._write_record()

    # --- doing

    async def _perform(self, action: plan.Action, nursery: trio.Nursery, lifeline: Lifeline) -> None:
        member = self.view.find(action.name)
        match action:
            case plan.Start():
                part = next(part for part in self.parts if part.name == action.name)
                try:
                    child = await Child.start(part.arguments, lifeline, part.holds)
                except OSError as error:
                    # Of descriptors or processes there may be too many for a while: what serves goes on.
                    log.warning("%s: no process can be started: %s", part.name, error.strerror or error)
                    self.view = self.view.put(plan.started(member, trio.current_time()))
                    self._note(Ended(part.name, NEVER_STARTED), nursery)
                    return
                self._children[action.name] = child
                self.view = self.view.put(plan.started(member, trio.current_time()))
                nursery.start_soon(self._watch, part, child)
            case plan.Stop():
                self._children[action.name].stop()
                self.view = self.view.put(replace(member, stop_sent_at=trio.current_time()))
            case plan.Kill():
                log.warning("%s takes too long: it is killed", action.name)
                self._children[action.name].kill()
                self.view = self.view.put(replace(member, kill_sent=True))
            case plan.GiveUp():
                self._failure = f"{action.name} cannot be started: {action.why}; what it said stands above"
                self.view = replace(self.view, is_draining=True)

    async def _watch(self, part: Part, child: Child) -> None:
        """Says when a child serves and when it has ended."""
        try:
            if await child.wait_until_ready() is not None:
                await self._send.send(Served(part.name))
            status = await child.wait()
        except trio.Cancelled:
            child.kill()
            raise
        await self._send.send(Ended(part.name, status))

    async def _tell(self, part: Part) -> None:
        """Gives a node the list of nodes; it lost it if it was started again, and may be held up for a while."""
        run, why = self.running(part.name), ""
        for number in range(TELLS_MAX):
            await trio.sleep(number * TELL_PAUSE_SECONDS)
            if self.running(part.name) != run:
                return  # The next one is told when it serves.
            why = await self._why_not_told(part)
            if not why:
                return
        log.warning("%s does not know the list of nodes for `config get cluster`: %s", part.name, why)

    async def _why_not_told(self, part: Part) -> str:
        """Tells it once; nothing if it has the list now."""
        nodes = tuple((other.host, other.port) for other in self.parts if other.role is plan.Role.NODE)
        try:
            with trio.fail_after(TELL_TIMEOUT_SECONDS):
                return "" if await tell(part.address, ClusterConfig(FIRST_VERSION, nodes)) else "it refused"
        except (OSError, trio.TooSlowError, trio.BrokenResourceError) as error:
            return str(error) or "no answer"

    # --- seeing

    def _note(self, event: Event, nursery: trio.Nursery) -> None:
        now = trio.current_time()
        match event:
            case Served(name):
                self.view = self.view.put(plan.served(self.view.find(name), now))
                part = next(part for part in self.parts if part.name == name)
                if part.role is plan.Role.NODE:
                    nursery.start_soon(self._tell, part)
                self._say_serving(name)
            case Ended(name, status):
                self.view = self.view.put(plan.ended(self.view.find(name), now, self.settings))
                self._say_ended(name, status, now)
            case Drain(why):
                self._note_drain(why)
            case Retire(name):
                self.view = self.view.put(replace(self.view.find(name), is_retired=True))

    def _note_drain(self, why: str) -> None:
        if self.view.is_draining:
            log.warning("stopping at once: %s", why)
            for name, child in self._children.items():
                if self.view.find(name).state is not plan.State.ENDED:
                    child.kill()
            return
        log.info("stopping: %s", why)
        self.view = replace(self.view, is_draining=True)

    def _say_serving(self, name: str) -> None:
        if self._has_served:
            log.info("%s serves again", name)
        elif self.view.is_serving:
            self._has_served = True
            self._write_record()
            self.on_serving()

    def _say_ended(self, name: str, status: int, now: float) -> None:
        if not self.view.is_wanted(name):
            log.debug("%s ended: %s", name, describe_end(status))
        elif self._has_served:
            wait_seconds = max(0.0, plan.restart_at(self.view.find(name), self.settings) - now)
            log.warning(
                "%s ended by itself (%s): starting it again in %.1f s", name, describe_end(status), wait_seconds
            )

    def _write_record(self) -> None:
        if self.record_path is None:
            return
        processes = tuple(self._process(part) for part in self.parts)
        ticks = record.process_ticks(os.getpid()) or 0
        written = record.Record(os.getpid(), ticks, self.port, self._started, processes, self.groups, self.pool)
        try:
            record.write(self.record_path, written)
        except OSError as error:
            log.warning("%s: %s: verbs do not see how things are", self.record_path, error.strerror or error)

    def _process(self, part: Part) -> record.Process:
        member = self.view.find(part.name)
        child = self._children.get(part.name)
        return record.Process(
            name=part.name,
            role=part.role.value,
            address=part.address,
            pid=child.process.pid if child and member.state is not plan.State.ENDED else None,
            state=member.state.value,
            restarts=member.restarts,
        )
