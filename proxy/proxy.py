"""A proxy as an object: the engine's router, and the tasks that decide for it.

router threads --(a node went down)--> changes_fd --> Watch: decide, probe, flush --> install, set_node_state
settings file ----------------------> Reload ------------------------------------> install
"""

from __future__ import annotations

import logging
import os
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self

import trio

from memcluster._native import Router
from memcluster.errors import ConfigError, NodeError
from memcluster.node.listeners import advice, resolve
from memcluster.proxy import discovery
from memcluster.proxy.health import Pace
from memcluster.proxy.pools import single_pool
from memcluster.proxy.reload import Reload
from memcluster.proxy.server import DEFAULT_PORT
from memcluster.proxy.topology import Rings
from memcluster.proxy.transport import Network
from memcluster.proxy.watch import Watch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path
    from types import TracebackType

    from memcluster.proxy.pools import Document
    from memcluster.proxy.settings import ProxySettings

STOP_TIMEOUT_SECONDS = 5.0
FIXED = (
    "listen", "unix_socket", "unix_mask", "threads", "connections_max", "clients_memory", "backlog", "item_size_max",
    "idle_timeout",
)  # fmt: skip
"""Settings that are the sockets' and threads' own: they change with a restart only."""

log = logging.getLogger(__name__)


class Proxy:
    """A proxy inside this process; its sockets are bound when it is made.

    async with Proxy.over(["127.0.0.1:11211", "127.0.0.1:11212"], listen=("127.0.0.1:0",)) as proxy:
        client = pymemcache.Client(proxy.address)

    With `path` it follows that settings file while it runs.
    """

    def __init__(self, document: Document, path: Path | None = None) -> None:
        self.document = document
        rings = Rings(document)
        self._router = _router(document.proxy, rings)
        self._watch = Watch(
            rings,
            self._router,
            Network(),
            pace=_pace(document.proxy),
            probe_timeout=document.proxy.probe_timeout,
            random=random.random,
            changed=self._changed,
        )
        self._reload = Reload(path, self.install, lambda: self.document.proxy.reload_interval) if path else None
        self._running: AbstractAsyncContextManager[None] | None = None

    @classmethod
    def over(cls, servers: Iterable[str], **settings: Any) -> Self:
        """A proxy with one pool of these servers; takes the names of ProxySettings and of PoolSettings."""
        return cls(single_pool(servers, settings))

    @property
    def addresses(self) -> list[str]:
        """Where it listens: `host:port`, with the ports it got, then the unix socket's path."""
        return self._router.addresses

    @property
    def address(self) -> str:
        """The first of its addresses."""
        return self.addresses[0]

    def stats(self, group: str = "") -> dict[str, str]:
        """What the command `stats GROUP` says."""
        return dict(self._router.stats(group))

    def install(self, document: Document) -> None:
        """Goes over to other settings while it serves; requests under way end under the old ones."""
        fixed = [name for name in FIXED if getattr(document.proxy, name) != getattr(self.document.proxy, name)]
        self._watch.reload(Rings(document), _pace(document.proxy), document.proxy.probe_timeout)
        self.document = document
        self._advertise()
        if fixed:
            log.warning("restart the proxy for %s to change", ", ".join(fixed))

    def reload(self, why: str) -> None:
        """Reads the settings file again, if there is one; if it is wrong, says so and changes nothing."""
        if self._reload is not None:
            self._reload.read(why)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serves until it is cancelled, then lets end what is begun."""
        self._router.start()
        try:
            self._advertise()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._watch.run)
                if self._reload is not None:
                    nursery.start_soon(self._reload.run)
                task_status.started()
        finally:
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(self._router.stop, STOP_TIMEOUT_SECONDS)

    async def __aenter__(self) -> Self:
        self._running = self._background()
        await self._running.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._running is not None, "entered"
        await self._running.__aexit__(kind, error, trace)

    @asynccontextmanager
    async def _background(self) -> AsyncIterator[None]:
        async with trio.open_nursery() as nursery:
            await nursery.start(self.run)
            yield
            nursery.cancel_scope.cancel()

    async def _changed(self) -> None:
        descriptor = self._router.changes_fd()
        await trio.lowlevel.wait_readable(descriptor)
        os.read(descriptor, 8)

    def _advertise(self) -> None:
        self._router.set_cluster_config(self._watch.version, discovery.nodes_line(self.document, self.addresses))


def _pace(settings: ProxySettings) -> Pace:
    return Pace(settings.probe_interval, settings.probe_interval_max, settings.probes_needed)


def _router(settings: ProxySettings, rings: Rings) -> Router:
    try:
        return Router(
            listen=resolve(settings.listen, DEFAULT_PORT),
            unix_socket=settings.unix_socket,
            unix_mask=settings.unix_mask,
            threads=settings.threads,
            connections_max=settings.connections_max,
            clients_memory_bytes=settings.clients_memory,
            backlog=settings.backlog,
            item_size_max_bytes=settings.item_size_max,
            idle_timeout_seconds=round(settings.idle_timeout),
            topology=rings.topology(1).encode(),
        )
    except OSError as error:
        fix = advice(error, port="--listen", address="--listen", unix_socket="--unix-socket")
        raise NodeError(f"{error}{fix}") from error
    except ValueError as error:
        raise ConfigError(str(error)) from error
