"""The proxy's settings as a whole: pools of servers and the routes to them, from a TOML file or from flags.

| [proxy]
| listen = ["127.0.0.1:11211"]
|
| [[pool]]
| name = "main"
| placement = "twemproxy-ketama"
| servers = ["10.0.0.1:11211", "10.0.0.2:11211:2 beta", { host = "10.0.0.3", zone = "b" }]
|
| [[route]]
| prefix = "session:"
| pool = "sessions"
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from memcluster.config import Settings
from memcluster.config import load as load_file
from memcluster.errors import ConfigError
from memcluster.proxy import placement, server
from memcluster.proxy.server import Server
from memcluster.proxy.settings import PoolSettings, ProxySettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


class Pool(PoolSettings, frozen=True, kw_only=True):
    """A pool: its servers, and how it treats them."""

    name: str
    servers: tuple[Server | str, ...]

    def __post_init__(self) -> None:
        """Reads servers written as text and refuses what cannot be; a ValueError gets the place in the file."""
        try:
            members = tuple(server.parse(entry) if isinstance(entry, str) else entry for entry in self.servers)
            msgspec.structs.force_setattr(self, "servers", members)
            self.check()
        except ConfigError as error:
            raise ValueError(f"pool {self.name!r}: {error}") from None

    @property
    def members(self) -> tuple[Server, ...]:
        """The servers, all of them read."""
        return tuple(entry for entry in self.servers if isinstance(entry, Server))

    def rule(self, members: Sequence[Server] | None = None) -> placement.Rule:
        """Who gets a key among the pool's servers, or among these."""
        return placement.place(self.placement, members or self.members, self.hash, self.seed)

    def check(self) -> None:
        """Refuses a pool that cannot be."""
        super().check()
        if not self.servers:
            raise ConfigError("it has no servers: give it at least one, HOST:PORT")
        for entry in self.members:
            server.check(entry, repr(entry.label))
        placement.refuse_misfits(placement.find(self.placement), self.members, self.hash, self.seed)
        if self.replicas > len(self.servers):
            raise ConfigError(
                f"replicas is {self.replicas}, but there are {len(self.servers)} servers: add some or lower it"
            )
        _refuse_twins([entry.label for entry in self.members])


class Route(Settings, frozen=True):
    """Keys that begin with `prefix` belong to `pool`."""

    prefix: str
    pool: str


class Document(Settings, frozen=True):
    """A proxy's settings file."""

    pool: tuple[Pool, ...]
    proxy: ProxySettings = ProxySettings()
    route: tuple[Route, ...] = ()

    def __post_init__(self) -> None:
        """A ValueError gets the place in the file."""
        try:
            self.check()
        except ConfigError as error:
            raise ValueError(str(error)) from None

    def check(self) -> None:
        """Refuses settings that do not fit each other."""
        self.proxy.check()
        if not self.pool:
            raise ConfigError("no pool: add a table [[pool]] with a name and servers")
        names = [pool.name for pool in self.pool]
        _refuse_twins(names, "pool")
        _refuse_twins([route.prefix for route in self.route], "route to prefix")
        if self.proxy.default_pool is not None:
            _refuse_stranger(self.proxy.default_pool, names, "proxy.default_pool")
        for route in self.route:
            _refuse_stranger(route.pool, names, f"route of prefix {route.prefix!r}")
        _refuse_ambiguous(self.pool)

    @property
    def default_pool(self) -> int:
        """The index of the pool of keys that no route names."""
        return self.pool_index(self.proxy.default_pool) if self.proxy.default_pool is not None else 0

    def pool_index(self, name: str) -> int:
        """Where the pool of this name stands."""
        return [pool.name for pool in self.pool].index(name)


def load(path: Path) -> Document:
    """Reads a settings file; ConfigError names the file, the line, the key and the fix."""
    return load_file(path, Document)


def single_pool(servers: Iterable[str], settings: dict[str, Any]) -> Document:
    """The document of a proxy with one pool, `main`."""
    of_proxy = {name: value for name, value in settings.items() if name in ProxySettings.__struct_fields__}
    of_pool = {name: value for name, value in settings.items() if name not in of_proxy}
    try:
        proxy = msgspec.convert(of_proxy, ProxySettings, dec_hook=_read)
        pool = msgspec.convert({"name": "main", "servers": list(servers), **of_pool}, Pool, dec_hook=_read)
        return Document(proxy=proxy, pool=(pool,))
    except ValueError as error:
        raise ConfigError(str(error)) from None


def _read(kind: Any, value: Any) -> Any:
    return value if isinstance(value, kind) else kind.parse(value)


def _refuse_twins(names: list[str], what: str = "server") -> None:
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{what} {name!r} stands there twice: give each its own name")


def _refuse_stranger(name: str, names: list[str], where: str) -> None:
    if name not in names:
        raise ConfigError(f"{where}: there is no pool {name!r}: name one of {', '.join(names)}")


def _refuse_ambiguous(pools: Sequence[Pool]) -> None:
    seen: dict[str, Server] = {}
    for entry in (member for pool in pools for member in pool.members):
        other = seen.setdefault(entry.label, entry)
        if (other.address, other.zone) != (entry.address, entry.zone):
            raise ConfigError(
                f"server {entry.label!r} is {other.address} in one pool and {entry.address} in another, or its zone "
                "differs: give different servers different names"
            )
