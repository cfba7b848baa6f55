"""Options that name pools: a settings file, or one pool's servers and its placement. `proxy` and `ring` share them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from memcluster.cli.options import options
from memcluster.cluster import record
from memcluster.config import from_text, overlay
from memcluster.errors import ConfigError
from memcluster.proxy.pools import Document, Pool, load
from memcluster.proxy.settings import PoolSettings, ProxySettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

F = TypeVar("F", bound="Callable[..., Any]")

POOL_NAME = "main"


def pool_options(function: F) -> F:
    """Gives a command --config, --server and a flag for each setting of a pool."""
    function = options(PoolSettings, "proxy")(function)
    function = click.option(
        "-s", "--server", "servers", multiple=True, metavar="HOST:PORT[:WEIGHT] [NAME]",
        help="a server of the pool, or a unix socket's path; give it again for each",
    )(function)  # fmt: skip
    return click.option(
        "-C", "--config", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
        help="a settings file with the pools (TOML)",
    )(function)  # fmt: skip


def read_document(config: Path | None, servers: tuple[str, ...], flags: Mapping[str, Any]) -> Document:
    """The document that a file, the environment and flags make together."""
    if config is not None and servers:
        raise ConfigError(f"both --config {config} and --server are given: the file names the servers, leave one out")
    if config is None:
        return _from_flags(servers, flags)
    strays = [name for name in PoolSettings.__struct_fields__ if flags.get(name) is not None]
    if strays:
        raise ConfigError(f"--{strays[0].replace('_', '-')} goes with --server: write it into a [[pool]] of {config}")
    document = load(config)
    return _checked(document.pool, document, overlay(document.proxy, "proxy", os.environ, flags))


def _from_flags(servers: tuple[str, ...], flags: Mapping[str, Any]) -> Document:
    if not servers:
        raise ConfigError("no servers: give --server HOST:PORT for each, or --config FILE")
    pool = make_pool(servers, overlay(PoolSettings(), "proxy", os.environ, flags))
    return _checked((pool,), None, overlay(ProxySettings(), "proxy", os.environ, flags))


def of_running(port: int | None, flags: Mapping[str, Any]) -> Document:
    """The document of the cluster that runs here, with what flags say otherwise."""
    found = record.find(port, "give --server HOST:PORT for each, or --config FILE")
    servers = [process.address for process in found.processes if process.role == "node"]
    if not servers:
        raise ConfigError(f"the cluster at port {found.port} has no memcached nodes: give --server HOST:PORT for each")
    pool = make_pool(servers, overlay(from_text(PoolSettings, found.pool), "proxy", {}, flags))
    return _checked((pool,), None, ProxySettings())


def make_pool(servers: Sequence[str], settings: PoolSettings) -> Pool:
    """The one pool of these servers; ConfigError says what cannot be."""
    try:
        return Pool(name=POOL_NAME, servers=tuple(servers), **msgspec.structs.asdict(settings))
    except ValueError as error:
        raise ConfigError(str(error).removeprefix(f"pool {POOL_NAME!r}: ")) from None


def _checked(pools: tuple[Pool, ...], document: Document | None, proxy: ProxySettings) -> Document:
    try:
        return Document(pool=pools, proxy=proxy, route=document.route if document else ())
    except ValueError as error:
        raise ConfigError(str(error)) from None
