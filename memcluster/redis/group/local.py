"""A whole group inside this process: nodes, their relayed ports and a Sentinel port, without a child process.

For tests and for applications that want to see what their client does in a failover. The group's decisions run under
trio in a thread of their own, so that this is an ordinary object for code with and without an event loop.
"""

from __future__ import annotations

import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import trio

from memcluster.cluster.store.memory import MemoryStore
from memcluster.errors import MemclusterError, NodeError
from memcluster.redis.group import members, table
from memcluster.redis.group.alarm import Clock
from memcluster.redis.group.events import past
from memcluster.redis.group.members import Ports
from memcluster.redis.group.running import RunningGroup, new_request
from memcluster.redis.group.standing import GroupStanding, standing
from memcluster.redis.node import RedisNode

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from memcluster.redis.group.state import Event, NodeConfig

T = TypeVar("T")

START_TIMEOUT_SECONDS = 20.0
LOOK_SECONDS = 0.01
THREADS = 1
SMALL: dict[str, Any] = {"port": 0, "appendonly": False, "io_threads": THREADS, "relay_threads": 1}


class RedisGroup:
    """A primary and replicas inside this process; who is primary changes as in any group.

    with RedisGroup(replicas=1, durability="sync:1") as group:
        client = redis.Redis(group.host, group.port)
        group.kill(group.primary)

    Takes what a table [group.NAME] of `memcluster up` takes. Data are in memory only, unless told otherwise.
    """

    def __init__(self, name: str = "group", **wanted: Any) -> None:
        self._held = ExitStack()
        self._folder = Path(self._held.enter_context(tempfile.TemporaryDirectory(prefix="memcluster-group-")))
        self._table = table.read(name, SMALL | {"dir": str(self._folder)} | wanted, {})
        self._nodes: dict[str, RedisNode] = {}
        self._starts: dict[str, int] = {}
        self._thread: _GroupThread | None = None

    # --- where it is

    @property
    def host(self) -> str:
        """The host of all its ports."""
        return self._running.group.ports.primary.host

    @property
    def port(self) -> int:
        """The primary port, whoever is primary."""
        return self._running.group.ports.primary.port

    @property
    def reader_port(self) -> int:
        """The port that leads to the replicas."""
        return self._running.group.ports.reader.port

    @property
    def sentinel_port(self) -> int:
        """Where `redis.sentinel.Sentinel` asks; the group's name is the service's."""
        return self._running.group.ports.sentinel.port

    @property
    def url(self) -> str:
        """What clients take."""
        return f"redis://{self.host}:{self.port}/0"

    @property
    def name(self) -> str:
        """The group's name."""
        return self._table.name

    # --- how it is

    @property
    def standing(self) -> GroupStanding:
        """How it stands: roles, lag, who is in sync."""
        group = self._running.group
        return standing(group.name, group.view, group.addresses, group.endpoints.counters())

    @property
    def primary(self) -> str:
        """The primary's name; waits while one is being elected."""
        return self.wait_for(self._serving_primary, "a primary that serves")

    @property
    def nodes(self) -> dict[str, RedisNode]:
        """The nodes that run, by name."""
        return dict(self._nodes)

    def is_whole(self) -> bool:
        """Whether a primary serves and all others follow it and are in sync."""
        self._running.check()
        if not self._running.group.has_begun:
            return False
        now = self.standing
        others = [node for node in now.nodes if node.name != now.primary]
        follow = all(node.role == "replica" and node.link == "up" and node.is_in_sync for node in others)
        return self._serving_primary() is not None and follow

    def events(self) -> list[Event]:
        """What has happened."""
        group = self._running.group
        found: list[Event] = self._running.call(past, group.store, group.name)
        return found

    # --- what can be done to it

    def kill(self, name: str) -> None:
        """Ends a node, as kill -9 would: connections break, and what it held in memory is gone."""
        self._nodes.pop(name).stop(0.0)
        self._running.ring()

    def revive(self, name: str) -> None:
        """Starts a node again at its place."""
        config = next(node for node in self._running.group.nodes if node.name == name)
        self._start_node(config)
        self._running.ring()

    def switch_over(self, to: str | None = None) -> None:
        """Makes another node primary, without losing a write."""
        self._request("switchover", to)

    def fail_over(self) -> None:
        """Makes another node primary now."""
        self._request("now", None)

    def wait_until_whole(self) -> None:
        """Until a primary serves and all others follow it."""
        self.wait_for(self.is_whole, "the group to be whole")

    def wait_for(self, condition: Callable[[], T | None], what: str) -> T:
        """Polls until the condition holds, and returns what it said; NodeError if it never does."""
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not (answer := condition()):
            if time.monotonic() > deadline:
                raise NodeError(f"{self.name}: waited {START_TIMEOUT_SECONDS:g} s in vain for {what}")
            time.sleep(LOOK_SECONDS)
        return answer

    # --- start and stop

    def start(self) -> None:
        """Begins to serve; returns when the group is whole."""
        with ExitStack() as starting:
            starting.push(self._held.pop_all())
            ports = Ports.take(self._table, starting)
            wanted = members.nodes(self._table, ports)
            for node in wanted:
                self._start_node(node)
            starting.callback(self._stop_nodes)
            store = MemoryStore(Clock().now)
            group = RunningGroup(self._table, wanted, ports, store, self._folder)
            self._thread = starting.enter_context(_GroupThread(group, self))
            self.wait_until_whole()
            self._held = starting.pop_all()

    def stop(self) -> None:
        """Ends everything."""
        self._held.close()
        self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- the nodes as the group's loop sees them

    def running(self, name: str) -> str | None:
        """What names the node that runs now."""
        return f"{name}/{self._starts[name]}" if name in self._nodes else None

    def retire(self, name: str) -> None:
        """The group needs it no longer."""
        self._nodes.pop(name).stop(0.0)

    # --- inside

    @property
    def _running(self) -> _GroupThread:
        if self._thread is None:
            raise MemclusterError("the group does not run: use it as a context manager")
        return self._thread

    def _serving_primary(self) -> str | None:
        now = self.standing
        return next((node.name for node in now.nodes if node.name == now.primary and node.role == "primary"), None)

    def _request(self, kind: str, to: str | None) -> None:
        async def ask() -> Event:
            happening = self._running.group.ask(new_request(kind, to))
            last = [event async for event in happening][-1]
            if last.kind == "failed":
                raise MemclusterError(last.sentence)
            return last

        self._running.call(ask)

    def _start_node(self, config: NodeConfig) -> None:
        place = self._folder / config.name
        place.mkdir(exist_ok=True)
        told: dict[str, Any] = {given.name: list(given.words) for given in self._table.directives}
        own = {"port": config.port, "bind": config.host, "dir": str(place), "memc-name": config.name}
        node = RedisNode(**told | own)
        node.start()
        self._starts[config.name] = self._starts.get(config.name, 0) + 1
        self._nodes[config.name] = node

    def _stop_nodes(self) -> None:
        for node in self._nodes.values():
            node.stop(0.0)
        self._nodes.clear()


class _GroupThread:
    """Runs a group's tasks in a thread; left when they have ended."""

    def __init__(self, group: RunningGroup, processes: RedisGroup) -> None:
        self.group = group
        self._processes = processes
        self._scope = trio.CancelScope()
        self._token: trio.lowlevel.TrioToken | None = None
        self._failure: BaseException | None = None
        self._began = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memcluster-group", daemon=True)

    def check(self) -> None:
        """NodeError if the group's tasks have ended by a failure."""
        if self._failure is not None or self._token is None:
            raise NodeError(f"the group has ended by itself: {self._failure}") from self._failure

    def call(self, function: Any, *arguments: Any) -> Any:
        """Calls an async function in the group's thread, and returns what it does."""
        self.check()
        return trio.from_thread.run(function, *arguments, trio_token=self._token)

    def ring(self) -> None:
        """Something has happened: the group looks at once. A bell of trio's is rung in trio's thread."""
        if self._token is not None:
            trio.from_thread.run_sync(self.group.clock.ring, trio_token=self._token)

    def __enter__(self) -> Self:
        self._thread.start()
        self._began.wait(START_TIMEOUT_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        if self._token is not None and self._thread.is_alive():
            self._token.run_sync_soon(self._scope.cancel)
        self._thread.join()

    def _run(self) -> None:
        try:
            trio.run(self._serve)
        except BaseException as error:  # noqa: BLE001 (told to the thread that asks)
            self._failure = error
        finally:
            self._began.set()

    async def _serve(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        self._began.set()
        with self._scope:
            await self.group.run(self._processes)
