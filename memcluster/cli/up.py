"""`memcluster up`: a cluster on this host, in one command.

The file given by --config has the tables [cluster], [node] (for every node), [proxy] and [pool], and a table
[redis.NAME] with Redis's directives for each Redis-mode node beside them.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
import trio

from memcluster.cli.options import options
from memcluster.cluster import control, record
from memcluster.cluster.plan import Role
from memcluster.cluster.ports import Reservation
from memcluster.cluster.settings import ClusterSettings
from memcluster.cluster.supervisor import Part, Supervisor
from memcluster.config import Settings, load, overlay, to_flags
from memcluster.errors import ConfigError
from memcluster.log import LogSettings, configure
from memcluster.node.settings import NodeSettings
from memcluster.proxy.settings import PoolSettings, ProxySettings
from memcluster.redis.settings import RedisSettings, from_names, settle

if TYPE_CHECKING:
    from collections.abc import Iterator

OF_NODES = {"memory", "threads", "item_size_max", "evict", "connections_max", "verbosity"}
OF_POOL = {"placement", "hash_tag", "down"}
PORT_MAX = 65535


class Document(Settings, frozen=True):
    """A cluster's settings file."""

    cluster: ClusterSettings = ClusterSettings()
    node: NodeSettings = NodeSettings()
    proxy: ProxySettings = ProxySettings()
    pool: PoolSettings = PoolSettings()
    redis: dict[str, dict[str, str | int | bool | list[str]]] = {}  # noqa: RUF012 (never changed)


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="a TOML file with [cluster], [node], [proxy], [pool], [redis.NAME]",
)
@options(ClusterSettings, "cluster")
@options(NodeSettings, "node", only=OF_NODES)
@options(PoolSettings, "proxy", only=OF_POOL)
@options(LogSettings, "log")
def command(*, config: Path | None, **flags: Any) -> None:
    """Start a cluster: nodes, and a proxy before them; Ctrl-C ends it.

    --memory and --threads are each node's. The proxy listens on --port, the nodes on the ports after it.
    """
    logging_settings = overlay(LogSettings(), "log", os.environ, flags)
    configure(logging_settings, "cluster")
    document = read(config, flags)
    with ExitStack() as held:
        addresses = [held.enter_context(place) for place in reserve(document.cluster)]
        parts = (*compose(document, logging_settings, addresses), *redis_parts(document, logging_settings, held))
        path = held.enter_context(record.kept(addresses[0].port))
        supervisor = Supervisor(parts, document.cluster, on_serving=lambda: announce(document, parts), record_path=path)
        trio.run(supervise, supervisor, record.control_path(addresses[0].port), ())


def read(config: Path | None, flags: dict[str, Any]) -> Document:
    """The file, the environment and flags together."""
    document = load(config, Document) if config else Document()
    port_flags = {name: value for name, value in flags.items() if name not in ("port", "host")}
    changed = msgspec.structs.replace(
        document,
        cluster=overlay(document.cluster, "cluster", os.environ, flags),
        node=overlay(document.node, "node", os.environ, port_flags),
        proxy=overlay(document.proxy, "proxy", os.environ, {"threads": flags.get("threads")}),
        pool=overlay(document.pool, "proxy", os.environ, flags),
    )
    for name in document.redis:
        redis_settings(document, name)
    changed.node.check()
    changed.proxy.check()
    changed.pool.check()
    return changed


def reserve(settings: ClusterSettings) -> list[Reservation]:
    """The proxy's port, then each node's; ConfigError says who has one that is wanted."""
    proxy = Reservation.take(settings.host, settings.port)
    first = settings.node_port
    nodes: list[Reservation] = []
    for index in range(settings.nodes):
        if first is not None:
            nodes.append(Reservation.take(settings.host, first + index if first else 0))
        else:
            nodes.append(_take_near(settings.host, proxy.port + 1 + index if settings.port else 0))
    return [proxy, *nodes]


def _take_near(host: str, wanted: int) -> Reservation:
    """This port, or any other if somebody has it: nobody asked for this one."""
    if wanted > PORT_MAX:
        wanted = 0
    try:
        return Reservation.take(host, wanted)
    except ConfigError:
        return Reservation.take(host, 0)


def compose(document: Document, log: LogSettings, places: list[Reservation]) -> list[Part]:
    """The processes of the cluster and the command line of each."""
    proxy, *nodes = places
    # A child that says what it does at every start would hide what the supervisor says of it.
    level = "debug" if log.level == "debug" else "warning"
    logs = to_flags(msgspec.structs.replace(log, level=level))
    user = ["-u", "root"] if os.geteuid() == 0 else []
    pool = [*to_flags(document.pool), *(f"--server={node.address}" for node in nodes)]
    front = msgspec.structs.replace(document.proxy, listen=(proxy.address,))
    parts = [Part("proxy", Role.PROXY, proxy.host, proxy.port, ("proxy", *to_flags(front), *pool, *logs))]
    for number, place in enumerate(nodes, 1):
        node = msgspec.structs.replace(document.node, listen=(place.host,), port=place.port)
        arguments = ("node", *to_flags(node), *logs, *user)
        parts.append(Part(f"node-{number}", Role.NODE, place.host, place.port, arguments))
    return parts


def redis_settings(document: Document, name: str) -> RedisSettings:
    """What a table [redis.NAME] says; one address each, so that its port can be kept for it."""
    if name == "proxy" or name.startswith("node-"):
        raise ConfigError(f"[redis.{name}]: another process of the cluster has that name: choose one of your own")
    settings = settle(from_names(document.redis[name], f"[redis.{name}]"))
    if len(settings.bind) != 1:
        raise ConfigError(f"[redis.{name}]: bind: give one address; `memcluster redis` takes several")
    if settings.daemonize:
        raise ConfigError(f"[redis.{name}]: daemonize: the supervisor's processes stay with it: leave it out")
    return settings


def redis_parts(document: Document, log: LogSettings, held: ExitStack) -> Iterator[Part]:
    """The Redis-mode nodes, with their directives as a command line."""
    for name in document.redis:
        settings = redis_settings(document, name)
        place = held.enter_context(Reservation.take(settings.bind[0], settings.port))
        told = [word for given in settings.served for word in (f"--{given.name}", *given.words)]
        own = ["--port", str(place.port), "--log-format", log.format]
        quiet = [] if log.level == "debug" or "loglevel" in document.redis[name] else ["--loglevel", "warning"]
        yield Part(name, Role.REDIS, place.host, place.port, ("redis", *told, *own, *quiet))


async def supervise(supervisor: Supervisor, control_path: Path, requests: tuple[control.Request[Any], ...]) -> None:
    """Runs the cluster until a signal ends it, and answers what verbs ask meanwhile."""
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
        async with trio.open_nursery() as nursery:
            await nursery.start(control.serve, control_path, requests)

            async def drain_on_signals() -> None:
                async for number in signals:
                    supervisor.drain(signal.Signals(number).name)

            nursery.start_soon(drain_on_signals)
            await supervisor.run()
            nursery.cancel_scope.cancel()


def announce(document: Document, parts: tuple[Part, ...]) -> None:
    """Says where everything is, and one line to try."""
    from memcluster.cli.tables import console, new_table

    title = f"memcluster: {sum(part.role is Role.NODE for part in parts)} nodes behind one proxy"
    table = new_table(title, ("what", "address", "memory", "threads"), left=("what", "address"))
    table.add_row("proxy", parts[0].address, "", str(document.proxy.threads), style="bold")
    for part in parts[1:]:
        if part.role is Role.REDIS:
            redis = redis_settings(document, part.name)
            limit = next((given.value for given in reversed(redis.served) if given.name == "maxmemory"), "")
            table.add_row(f"{part.name} (Redis mode)", part.address, limit, str(redis.io_threads))
        else:
            table.add_row(part.name, part.address, str(document.node.memory), str(document.node.threads))
    console().print(table)
    program = program_name()
    which = f" --port {parts[0].port}" if parts[0].port != ClusterSettings().port else ""
    click.echo(
        f"Clients connect to {parts[0].address}. Try: {program} set{which} greeting hello && {program} get{which} "
        "greeting"
    )


def program_name() -> str:
    """How this program was called, so that a line to try can be pasted."""
    called = sys.argv[0]
    if called.endswith("__main__.py"):
        return f"{sys.executable} -m memcluster"
    found = shutil.which("memcluster")
    return "memcluster" if found and Path(found).resolve() == Path(called).resolve() else called
