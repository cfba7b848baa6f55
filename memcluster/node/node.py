"""A memcached node as an object: sockets are bound when it is made, and served by the engine from start to stop."""

from __future__ import annotations

from typing import Any

import msgspec

from memcluster._native import Node as Engine
from memcluster.config import rows
from memcluster.errors import ConfigError, NodeError
from memcluster.node.discovery import ALONE_VERSION, alone
from memcluster.node.embedded import STOP_TIMEOUT_SECONDS, Embedded
from memcluster.node.listeners import advice, resolve
from memcluster.node.settings import NodeSettings


class Node(Embedded[Engine]):
    """A memcached server inside this process.

    with Node(port=0, memory="256m") as node:
        client = pymemcache.Client(node.address)

    Takes the names of NodeSettings, with values as a settings file would have them. Values never enter the interpreter,
    and no thread of the server takes its lock.
    """

    def __init__(self, settings: NodeSettings | None = None, **changes: Any) -> None:
        self.settings = _changed(settings or NodeSettings(), changes)
        self.settings.check()
        self._engine = _engine(self.settings)
        if line := alone(self.addresses):
            self.set_cluster_config(ALONE_VERSION, line)

    def start(self) -> None:
        """Begins to serve."""
        self._engine.start()

    def stop(self, timeout_seconds: float = STOP_TIMEOUT_SECONDS) -> None:
        """Accepts no more, lets what is begun end, closes the rest when time is up."""
        self._engine.stop(timeout_seconds)

    def stats(self, group: str = "") -> dict[str, str]:
        """What the command `stats GROUP` says."""
        return dict(self._engine.stats(group))

    def set_cluster_config(self, version: int, nodes_line: str) -> None:
        """What `config get cluster` answers from now on: `host|ip|port host|ip|port …`."""
        self._engine.set_cluster_config(version, nodes_line)


def _changed(settings: NodeSettings, changes: dict[str, Any]) -> NodeSettings:
    known = {row.name: row for row in rows(NodeSettings)}
    read: dict[str, Any] = {}
    for name, value in changes.items():
        if name not in known:
            raise ConfigError(f"Node: no such setting: {name}; there are {', '.join(known)}")
        try:
            read[name] = known[name].accept(value)
        except ValueError as error:
            raise ConfigError(f"Node: {name}={value!r}: {error}") from None
    return msgspec.structs.replace(settings, **read)


def _engine(settings: NodeSettings) -> Engine:
    try:
        return Engine(
            listen=[] if settings.unix_socket else resolve(settings.listen, settings.port),
            unix_socket=settings.unix_socket,
            unix_mask=settings.unix_mask,
            threads=settings.threads,
            memory_bytes=settings.memory,
            item_size_max_bytes=settings.item_size_max,
            connections_max=settings.connections_max,
            clients_memory_bytes=settings.clients_memory,
            backlog=settings.backlog,
            requests_per_turn=settings.requests_per_turn,
            evict=settings.evict,
            idle_timeout_seconds=round(settings.idle_timeout),
            allow_flush=settings.allow_flush,
            allow_dump=settings.allow_dump,
            allow_watch=settings.allow_watch,
            allow_shutdown=settings.allow_shutdown,
            detail=settings.detail,
            verbosity=settings.verbosity,
        )
    except (OSError, ValueError) as error:
        fix = advice(error, port="-p", address="-l", unix_socket="-s")
        raise NodeError(f"{error}{fix}") from error
