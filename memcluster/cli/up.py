"""`memcluster up`: a cluster on this host, in one command.

What is to run stands in the file given by --config (see `document`), in the environment and in flags; without a file it
is memcached nodes and a proxy before them.
"""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
import trio

from memcluster.cli.announce import announce
from memcluster.cli.document import Wanted, read
from memcluster.cli.options import options
from memcluster.cluster import control, record
from memcluster.cluster.plan import Role
from memcluster.cluster.ports import Reservation
from memcluster.cluster.settings import ClusterSettings
from memcluster.cluster.supervisor import Part, Supervisor
from memcluster.config import overlay, to_flags, to_text
from memcluster.errors import MemclusterError
from memcluster.log import LogSettings, configure
from memcluster.node.settings import NodeSettings
from memcluster.proxy.settings import PoolSettings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from memcluster.redis.group.prepare import PreparedGroup
    from memcluster.redis.group.running import RunningGroup

OF_NODES = {"memory", "threads", "item_size_max", "evict", "connections_max", "verbosity"}
LEADS_SECONDS = 5.0
"""How long it takes at most until it is said where groups are that have no primary."""
OF_POOL = {"placement", "hash_tag", "down"}


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="a TOML file with [cluster], [node], [proxy], [pool], [redis.NAME], [group.NAME]",
)
@options(ClusterSettings, "cluster")
@options(NodeSettings, "node", only=OF_NODES)
@options(PoolSettings, "proxy", only=OF_POOL)
@options(LogSettings, "log")
def command(*, config: Path | None, **flags: Any) -> None:
    """Start a cluster: nodes, and a proxy before them; Ctrl-C ends it.

    --memory and --threads are each node's. The proxy listens on --port, the nodes on the ports after it.
    """
    log = overlay(LogSettings(), "log", os.environ, flags)
    configure(log, "cluster")
    wanted = read(config, flags)
    with ExitStack() as held:
        parts = cache_parts(wanted, log, held) if wanted.has_cache else []
        parts += redis_parts(wanted, log, held)
        groups: list[PreparedGroup] = []
        for table in wanted.groups:
            # Imported only where there is one: a memcached cluster needs none of it.
            from memcluster.redis.group.prepare import prepare

            group, nodes = prepare(table, log, held)
            groups.append(group)
            parts += nodes
        port = parts[0].port if parts[0].role is Role.PROXY or not groups else groups[0].ports.primary.port
        has_served = trio.Event()
        supervisor = Supervisor(
            tuple(parts),
            wanted.cluster,
            on_serving=has_served.set,
            record_path=held.enter_context(record.kept(port)),
            port=port,
            groups=tuple(record.Group(group.name, **group.ports.addresses) for group in groups),
            pool=to_text(wanted.pool),
        )

        async def say(running: Sequence[RunningGroup]) -> None:
            """Where everything is; a group's election comes first."""
            await has_served.wait()
            with trio.move_on_after(LEADS_SECONDS):
                for group in running:
                    await group.leads.wait()
            announce(wanted, parts, groups)

        trio.run(supervise, supervisor, groups, say)


def reserve(settings: ClusterSettings) -> list[Reservation]:
    """The proxy's port, then each node's; ConfigError says who has one that is wanted."""
    proxy = Reservation.take(settings.host, settings.port, "port (--port)")
    first = settings.node_port
    nodes: list[Reservation] = []
    for index in range(settings.nodes):
        if first is not None:
            nodes.append(Reservation.take(settings.host, first + index if first else 0, "node_port (--node-port)"))
        else:
            nodes.append(Reservation.take_near(settings.host, proxy.port + 1 + index if settings.port else 0))
    return [proxy, *nodes]


def cache_parts(wanted: Wanted, log: LogSettings, held: ExitStack) -> list[Part]:
    """The proxy, the memcached nodes, and the command line of each."""
    proxy, *nodes = [held.enter_context(place) for place in reserve(wanted.cluster)]
    # A child that says what it does at every start would hide what the supervisor says of it.
    level = "debug" if log.level == "debug" else "warning"
    logs = to_flags(msgspec.structs.replace(log, level=level))
    user = ["-u", "root"] if os.geteuid() == 0 else []
    check_pool(wanted.pool, [node.address for node in nodes])
    pool = [*to_flags(wanted.pool), *(f"--server={node.address}" for node in nodes)]
    front = msgspec.structs.replace(wanted.proxy, listen=(proxy.address,))
    parts = [Part("proxy", Role.PROXY, proxy.host, proxy.port, ("proxy", *to_flags(front), *pool, *logs))]
    for number, place in enumerate(nodes, 1):
        node = msgspec.structs.replace(wanted.node, listen=(place.host,), port=place.port)
        arguments = ("node", *to_flags(node), *logs, *user)
        parts.append(Part(f"node-{number}", Role.NODE, place.host, place.port, arguments))
    return parts


def check_pool(settings: PoolSettings, addresses: list[str]) -> None:
    """Refuses what the proxy would refuse, before any process is started."""
    if settings == PoolSettings():
        return
    # Imported only where something is to be checked: placements bring hashes and rings.
    from memcluster.cli.pools import make_pool

    make_pool(addresses, settings)


def redis_parts(wanted: Wanted, log: LogSettings, held: ExitStack) -> Iterator[Part]:
    """The Redis-mode nodes, with their directives as a command line."""
    for name, settings in wanted.redis.items():
        place = held.enter_context(Reservation.take(settings.bind[0], settings.port, f"port in [redis.{name}]"))
        told = [word for given in settings.served for word in (f"--{given.name}", *given.words)]
        own = ["--port", str(place.port), "--log-format", log.format]
        quiet = ["--loglevel", "warning"] if wanted.is_quiet[name] and log.level != "debug" else []
        yield Part(name, Role.REDIS, place.host, place.port, ("redis", *told, *own, *quiet))


async def supervise(
    supervisor: Supervisor, prepared: Sequence[PreparedGroup], say: Callable[[Sequence[RunningGroup]], Awaitable[None]]
) -> None:
    """Runs the cluster until a signal ends it, and answers what verbs ask meanwhile."""
    failure: MemclusterError | None = None
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
        async with trio.open_nursery() as nursery:

            async def drain_on_signals() -> None:
                async for number in signals:
                    supervisor.drain(signal.Signals(number).name)

            async def attend() -> None:
                await supervisor.has_begun.wait()
                groups = [group.begin() for group in prepared]
                await nursery.start(control.serve, record.control_path(supervisor.port), questions(supervisor, groups))
                nursery.start_soon(say, groups)
                await keep_groups(supervisor, groups)

            nursery.start_soon(drain_on_signals)
            nursery.start_soon(attend)
            try:
                await supervisor.run()
            except MemclusterError as error:
                # Raised below: through the nursery it would come as a group of errors.
                failure = error
            nursery.cancel_scope.cancel()
    if failure:
        raise failure


def questions(supervisor: Supervisor, groups: Sequence[RunningGroup]) -> tuple[control.Request[Any], ...]:
    """What verbs may ask."""
    if not groups:
        return ()
    from memcluster.redis.backup import controls as snapshots
    from memcluster.redis.group import controls
    from memcluster.redis.migration import controls as migration

    return (
        *controls.Controls(groups, supervisor).rows,
        *(row.among(groups) for row in (*snapshots.ROWS, *migration.ROWS)),
    )


async def keep_groups(supervisor: Supervisor, groups: Sequence[RunningGroup]) -> None:
    """Lets each group decide about its nodes until the cluster is to end: a node that is stopped then is no failure."""
    with trio.CancelScope() as scope:

        def look() -> None:
            for group in groups:
                group.clock.ring()
            if supervisor.view.is_draining:
                scope.cancel()

        async def keep(group: RunningGroup) -> None:
            try:
                await group.run(supervisor)
            except MemclusterError as error:
                supervisor.give_up(str(error))

        supervisor.on_change = look
        async with trio.open_nursery() as nursery:
            for group in groups:
                nursery.start_soon(keep, group)
