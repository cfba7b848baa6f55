"""`memcluster top`: a live table of nodes. Looks at each node's counters once an interval, all side by side."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click
import trio
from rich.live import Live

from memcluster.cli.client import find_address
from memcluster.cli.tables import console, new_table
from memcluster.cluster import record
from memcluster.cluster.rates import Rates, between
from memcluster.cluster.wire import look
from memcluster.config import Seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from memcluster.cluster.rates import Look

COLUMNS = ("node", "get/s", "set/s", "hits", "evict", "in/s", "out/s", "items", "memory", "conns", "ms")
TIMEOUT_SECONDS = 1.0


@click.command()
@click.option("--port", type=int, metavar="NUM", help="the cluster whose proxy has this port, if several run")
@click.option(
    "-s",
    "--server",
    "servers",
    multiple=True,
    metavar="WHERE",
    help="HOST:PORT or a process of the cluster: watch these",
)
@click.option("--interval", default="1s", metavar="TIME", help="time between two looks")
@click.option("--once", is_flag=True, help="print one table, of one interval, and end")
def command(*, port: int | None, servers: tuple[str, ...], interval: str, once: bool) -> None:
    """Watch nodes live: rates, hit ratio, memory, latency. Ctrl-C ends it."""
    try:
        seconds = max(Seconds.parse(interval), Seconds(0.05))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--interval") from None
    nodes = [(server, find_address(server, port)) for server in servers]
    nodes = nodes or [(node.name, node.address) for node in record.find(port, record.OR_SERVER).nodes]
    try:
        trio.run(watch, nodes, seconds, once)
    except* KeyboardInterrupt:
        pass


async def watch(nodes: Sequence[tuple[str, str]], interval_seconds: float, once: bool) -> None:
    """Shows the table until it is interrupted."""
    before = await look_at_all(nodes)
    if once:
        await trio.sleep(interval_seconds)
        console().print(draw(nodes, before, await look_at_all(nodes)))
        return
    with Live(draw(nodes, before, before), auto_refresh=False, screen=False) as live:
        while True:
            await trio.sleep(interval_seconds)
            now = await look_at_all(nodes)
            live.update(draw(nodes, before, now), refresh=True)
            before = now


async def look_at_all(nodes: Sequence[tuple[str, str]]) -> dict[str, Look]:
    """One look at each node, all at the same time."""
    looks: dict[str, Look] = {}

    async def look_at(name: str, address: str) -> None:
        looks[name] = await look(address, TIMEOUT_SECONDS)

    async with trio.open_nursery() as nursery:
        for name, address in nodes:
            nursery.start_soon(look_at, name, address)
    return looks


def draw(nodes: Sequence[tuple[str, str]], before: dict[str, Look], now: dict[str, Look]) -> Table:
    """The table."""
    table = new_table(time.strftime("memcluster top  %H:%M:%S"), COLUMNS, left=("node",))
    rates = {name: between(before[name], now[name]) for name, _ in nodes}
    for name, _ in nodes:
        row = rates[name]
        if row is None:
            table.add_row(name, "no answer", *[""] * (len(COLUMNS) - 2), style="red")
        else:
            table.add_row(name, *_cells(row))
    return table


def _cells(rates: Rates) -> tuple[str, ...]:
    share = rates.used_bytes / rates.limit_bytes if rates.limit_bytes else 0.0
    return (
        _number(rates.gets),
        _number(rates.sets),
        "-" if rates.hit_ratio is None else f"{rates.hit_ratio:.1%}",
        _number(rates.evictions),
        _bytes(rates.read_bytes),
        _bytes(rates.written_bytes),
        _number(rates.items),
        f"{_bytes(rates.used_bytes)} {share:.0%}",
        str(rates.connections),
        f"{rates.latency_ms:.2f}",
    )


def _number(value: float | None) -> str:
    """Four digits at most: 999, 12k, 1.2M."""
    return "-" if value is None else _short(value, 1000, ("", "k", "M", "G"))


def _bytes(value: float | None) -> str:
    return "-" if value is None else _short(value, 1024, ("B", "K", "M", "G"))


def _short(value: float, step: int, units: Sequence[str]) -> str:
    unit = 0
    while value >= step and unit < len(units) - 1:
        value /= step
        unit += 1
    return f"{value:.1f}{units[unit]}" if unit and value < 10 else f"{value:.0f}{units[unit]}"
