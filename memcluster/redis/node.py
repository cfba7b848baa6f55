"""A Redis-mode node as an object: sockets are bound when it is made, and served by the engine from start to stop."""

from __future__ import annotations

import errno
import logging
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memcluster._native import RedisNode as Engine
from memcluster._native import check_redis_directives as check_directives
from memcluster.errors import ConfigError, NodeError
from memcluster.node.embedded import STOP_TIMEOUT_SECONDS, Embedded
from memcluster.node.listeners import advice
from memcluster.redis.settings import RedisSettings, from_names, settle

if TYPE_CHECKING:
    from collections.abc import Iterable

OURS = ("log-format", "load", "seed", "dir")
"""Directives that are none of Redis's, or are told in another way."""
FILES = ("aclfile",)
"""Read from where the node will be."""
ANY = {"*": "0.0.0.0", "::*": "::"}  # noqa: S104 (asked for by name)

log = logging.getLogger(__name__)


class RedisNode(Embedded[Engine]):
    """A server for Redis's clients inside this process.

    with RedisNode(port=0, maxmemory="256mb", maxmemory_policy="allkeys-lru") as node:
        client = redis.Redis(node.host, node.port)

    Takes Redis's directives by their names. Values never enter the interpreter, and no thread of the server takes its
    lock.
    """

    def __init__(self, settings: RedisSettings | None = None, **directives: Any) -> None:
        if settings is not None and directives:
            raise ConfigError("RedisNode: give settings or directives, not both")
        self.settings = settings or settle(from_names(directives, "RedisNode"))
        self._engine = _engine(self.settings)

    @property
    def url(self) -> str:
        """What clients take: `redis://127.0.0.1:6379/0`."""
        return f"unix://{self.address}" if self.address.startswith("/") else f"redis://{self.address}/0"

    def start(self) -> None:
        """Begins to serve once data is loaded; NodeError says which file is wrong, and where."""
        try:
            _find(self.settings.load)
            notice = self._engine.start()
        except (ValueError, OSError) as error:
            self._engine.stop(0)
            raise NodeError(f"{error}{_file_advice(str(error), self.settings)}") from error
        if notice:
            log.warning(notice)

    def stop(self, timeout_seconds: float = STOP_TIMEOUT_SECONDS) -> None:
        """Accepts no more, lets what is begun end, closes the rest when time is up; NodeError if data was not saved."""
        try:
            self._engine.stop(timeout_seconds)
        except RuntimeError as error:
            raise NodeError(f"data was not saved: {error}") from error

    def info(self, section: str = "") -> dict[str, str]:
        """What `INFO SECTION` says."""
        return dict(self._engine.info(section))


def listening(settings: RedisSettings) -> list[str]:
    """`host:port` for each address. Port 0 is no port where a unix socket is, as in Redis; else a free one."""
    if settings.port == 0 and settings.unixsocket:
        return []
    found: list[str] = []
    for word in settings.bind:
        host = word.removeprefix("-")
        host = ANY.get(host, host)
        if word.startswith("-") and not _is_here(host):
            continue
        found.append(f"[{host}]:{settings.port}" if ":" in host else f"{host}:{settings.port}")
    return found


def _is_here(host: str) -> bool:
    """Whether this host has that address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.bind((host, 0))
    except OSError as error:
        return error.errno == errno.EADDRINUSE
    return True


def _find(load: str | None) -> None:
    """ValueError, as the engine's, if the file is not there, before the engine says what stands in the way of it."""
    if load and not Path(load).exists():
        raise ValueError(f"{load}: {os.strerror(errno.ENOENT)} (os error {errno.ENOENT})")


def _file_advice(complaint: str, settings: RedisSettings) -> str:
    """What to do when it is that a file that the data begins with is not there."""
    named = {"load": settings.load, "seed": settings.seed}
    missing = (name for name, path in named.items() if complaint.startswith(f"{path}: No such file"))
    return "".join(f": name an RDB file that there is with --{name}" for name in missing)


def check(settings: RedisSettings) -> None:
    """That the engine takes the directives, before a process is begun with them; ConfigError as for a node."""
    try:
        check_directives([(given.name, given.value) for given in settings.served if given.name not in (*OURS, *FILES)])
    except ValueError as error:
        raise ConfigError(_placed(str(error), settings)) from error


def _engine(settings: RedisSettings) -> Engine:
    addresses = listening(settings)
    if not addresses and not settings.unixsocket:
        raise ConfigError("nothing to listen on: give bind an address, or unixsocket a file")
    try:
        return Engine(
            listen=addresses,
            unix_socket=settings.unixsocket,
            unix_mask=settings.unixsocketperm,
            threads=settings.io_threads,
            connections_max=settings.maxclients,
            backlog=max(settings.tcp_backlog, 1),
            idle_timeout_seconds=settings.timeout,
            databases=settings.databases,
            load=settings.load,
            seed=settings.seed,
            config=[
                ("dir", str(Path(settings.dir).resolve())),
                *((given.name, given.value) for given in settings.served if given.name not in OURS),
            ],
        )
    except ValueError as error:
        raise ConfigError(_placed(str(error), settings)) from error
    except OSError as error:
        fix = advice(error, port="--port", address="--bind", unix_socket="--unixsocket")
        raise NodeError(f"{error}{fix}") from error


def _placed(complaint: str, settings: RedisSettings) -> str:
    """The engine's complaint, which begins with the directive's name, with the place where that stands."""
    name = complaint.partition(":")[0]
    places: Iterable[str] = (given.place for given in reversed(settings.served) if given.name == name)
    return f"{next(iter(places), 'RedisNode')}: {complaint}"
