"""What directives come to: the process's by type, and all that are served as they were written, for the engine.

file < environment (MEMCLUSTER_REDIS_MAXMEMORY_POLICY) < command line: the last one wins
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memcluster.config import Mode
from memcluster.errors import ConfigError
from memcluster.redis.configuration import Given
from memcluster.redis.directives import Verdict, by_name, near

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

SOCKET_MODE = Mode(0o700)
VARIABLES = "MEMCLUSTER_REDIS_"
LOG_LEVELS = {
    "debug": "debug", "verbose": "info", "notice": "info", "warning": "warning", "nothing": "error",
}  # fmt: skip


@dataclass(frozen=True)
class RedisSettings:
    """What a Redis-mode node is told."""

    port: int = 6379
    bind: tuple[str, ...] = ("127.0.0.1",)
    unixsocket: str | None = None
    unixsocketperm: Mode = SOCKET_MODE
    io_threads: int = 4
    maxclients: int = 10_000
    tcp_backlog: int = 511
    timeout: int = 0
    databases: int = 16
    daemonize: bool = False
    pidfile: str | None = None
    loglevel: str = "info"
    logfile: str | None = None
    log_format: str = "text"
    dir: str = "."
    load: str | None = None
    """A file that the data is loaded from at the start."""
    seed: str | None = None
    """The same, while there is no data of its own."""
    served: tuple[Given, ...] = ()
    """What the engine is told, and answers to CONFIG GET: every directive that is served, in their order."""
    warnings: tuple[str, ...] = field(default=(), compare=False)
    """What was asked for and does nothing here, with why."""


def _number(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"-?\d{1,10}", text) or not low <= int(text) <= high:
            raise ValueError(f"write a whole number from {low} to {high}")
        return int(text)

    return read


def _one_of(words: Mapping[str, Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        if text.lower() not in words:
            raise ValueError(f"write one of {', '.join(words)}")
        return words[text.lower()]

    return read


# How the process's directives are read; a ValueError says what to write.
READERS: dict[str, Callable[[str], Any]] = {
    "port": _number(0, 65535),
    "bind": lambda text: tuple(text.split()),
    "unixsocket": lambda text: text or None,
    "unixsocketperm": Mode.parse,
    "io-threads": _number(1, 1024),
    "maxclients": _number(1, 1_000_000),
    "tcp-backlog": _number(0, 65535),
    "timeout": _number(0, 2_147_483_647),
    "databases": _number(1, 65536),
    "daemonize": _one_of({"yes": True, "no": False}),
    "pidfile": lambda text: text or None,
    "loglevel": _one_of(LOG_LEVELS),
    "logfile": lambda text: text or None,
    "log-format": _one_of({"text": "text", "json": "json"}),
    "dir": str,
    "load": lambda text: str(Path(text).resolve()) if text else None,
    "seed": lambda text: str(Path(text).resolve()) if text else None,
}


def settle(directives: Iterable[Given]) -> RedisSettings:
    """What these directives come to; ConfigError says which one cannot be, and where it stands."""
    changes: dict[str, Any] = {}
    served: list[Given] = []
    warnings: list[str] = []
    for given in directives:
        row = by_name().get(given.name)
        if row is None:
            raise ConfigError(f"{given.place}: {given.name}: Redis knows no such directive: {near(given.name)}")
        if not given.words:
            raise ConfigError(f"{given.place}: {given.name} needs a value")
        if row.verdict is Verdict.PROCESS:
            try:
                changes[row.name.replace("-", "_")] = READERS[row.name](given.value)
            except ValueError as error:
                raise ConfigError(f"{given.place}: {given.name} {given.value}: {error}") from None
        if row.is_served:
            served.append(Given(row.name, given.words, given.place))
        elif not row.changes_nothing(given.value):
            what = f"{given.place}: {given.name} {given.value} is {row.verdict.value}: {row.about}"
            if row.verdict is Verdict.REFUSED:
                raise ConfigError(what)
            warnings.append(what)
    return RedisSettings(**changes, served=tuple(served), warnings=tuple(warnings))


def from_environment(environment: Mapping[str, str]) -> Iterator[Given]:
    """Directives named by environment variables."""
    for variable, value in sorted(environment.items()):
        if variable.startswith(VARIABLES):
            name = variable.removeprefix(VARIABLES).lower().replace("_", "-")
            yield Given(name, (value,), f"environment variable {variable}")


def from_names(values: Mapping[str, Any], where: str) -> Iterator[Given]:
    """Directives as Python and TOML write them: `maxmemory_policy="allkeys-lru"`, `bind=["127.0.0.1", "::1"]`."""
    for name, value in values.items():
        words = value if isinstance(value, list | tuple) else [value]
        text = tuple({True: "yes", False: "no"}[word] if isinstance(word, bool) else str(word) for word in words)
        yield Given(name.replace("_", "-"), text, where)
