"""`memcluster ring`: where keys are, which would move, and which placements there are. Asks no server."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click
import msgspec

from memcluster.cli.pools import of_running, pool_options, read_document
from memcluster.cli.supervised import port_option
from memcluster.errors import ConfigError
from memcluster.proxy import server
from memcluster.proxy.placement import PLACEMENTS
from memcluster.proxy.topology import Rings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from memcluster.proxy.movement import Movement
    from memcluster.proxy.pools import Document, Pool

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
WIDTH_PIPED = 200
as_json_option = click.option("--json", "as_json", is_flag=True, help="print JSON")


@click.group(context_settings=CONTEXT)
def command() -> None:
    """Say where keys are, and which would move.

    In the cluster that runs here; or in pools from a proxy's settings file (--config) or from flags (--server …), as
    for `memcluster proxy`.
    """


@command.command()
@click.argument("keys", metavar="KEY...", nargs=-1, required=True)
@pool_options
@port_option
@as_json_option
def locate(keys: tuple[str, ...], *, as_json: bool, **named: Any) -> None:
    """Say which servers hold these keys, first choice first; `-` reads keys from stdin, one a line."""
    from memcluster.proxy.locate import locate as ask

    topology = Rings(_document(**named)).topology(1).encode()
    rows = [(key.decode(errors="replace"), *ask(topology, key)) for key in _keys(keys)]
    if as_json:
        _print_json([{"key": key, "pool": pool, "servers": nodes} for key, pool, nodes in rows])
    else:
        _print_table(("key", "pool", "servers"), [(key, pool, ", ".join(nodes)) for key, pool, nodes in rows])


@command.command()
@click.option(
    "--add", multiple=True, metavar="HOST:PORT[:WEIGHT] [NAME]", help="a server that comes; may be given again"
)
@click.option(
    "--remove", multiple=True, metavar="NAME", help="a server that goes, by name or HOST:PORT; may be given again"
)
@click.option("--pool", "pool_name", metavar="NAME", help="the pool that changes; needed if the file has several")
@pool_options
@port_option
@as_json_option
def plan(add: tuple[str, ...], remove: tuple[str, ...], pool_name: str | None, *, as_json: bool, **named: Any) -> None:
    """Say which share of keys would move, from where to where, if servers came or went."""
    from memcluster.proxy.movement import movement

    before = _pool(_document(**named), pool_name)
    outcome = movement(before, _changed(before, add, remove))
    if as_json:
        _print_json(outcome)
    else:
        _print_plan(outcome)


@command.command()
@as_json_option
def placements(*, as_json: bool) -> None:
    """List the placements and what each agrees with."""
    rows = [
        (row.name, row.agrees_with, "yes" if row.has_weights else "no", " ".join(row.hashes) or "its own")
        for row in PLACEMENTS.values()
    ]
    names = ("placement", "agrees with", "weights", "hashes")
    if as_json:
        _print_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        _print_table(names, rows)


def _document(config: Path | None, servers: tuple[str, ...], port: int | None, **flags: Any) -> Document:
    """What is named; without a name, the cluster that runs here."""
    return read_document(config, servers, flags) if config or servers else of_running(port, flags)


def _keys(keys: tuple[str, ...]) -> list[bytes]:
    if keys == ("-",):
        return sys.stdin.buffer.read().split()
    return [key.encode(errors="surrogateescape") for key in keys]


def _pool(document: Document, name: str | None) -> Pool:
    names = [pool.name for pool in document.pool]
    if name is None and len(names) > 1:
        raise ConfigError(f"there are several pools: say which changes, --pool {' or '.join(names)}")
    if name is not None and name not in names:
        raise ConfigError(f"there is no pool {name!r}: --pool {' or '.join(names)}")
    return document.pool[names.index(name)] if name is not None else document.pool[0]


def _changed(pool: Pool, add: tuple[str, ...], remove: tuple[str, ...]) -> Pool:
    if not add and not remove:
        raise ConfigError("nothing changes: give --add HOST:PORT or --remove NAME")
    labels = [member.label for member in pool.members]
    for name in remove:
        if name not in labels:
            raise ConfigError(f"--remove {name}: the pool has no such server: there are {', '.join(labels)}")
    left = [member for member in pool.members if member.label not in remove]
    try:
        return msgspec.structs.replace(pool, servers=(*left, *map(server.parse, add)))
    except ValueError as error:
        raise ConfigError(str(error)) from None


def _print_json(value: object) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value)).decode())


def _print_table(names: tuple[str, ...], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, name in enumerate(names):
        table.add_column(name, no_wrap=number == 0)
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else WIDTH_PIPED).print(table)


def _print_plan(outcome: Movement) -> None:
    how = f"counted on {outcome.sampled_keys} random keys" if outcome.sampled_keys else "exact, if keys hash evenly"
    click.echo(f"{outcome.moved:.2%} of all keys move ({how})\n")
    moves = [(move.source, move.target, f"{move.share:.2%}") for move in outcome.moves]
    _print_table(("from", "to", "share of all keys"), moves)
    click.echo()
    names = sorted(outcome.before.keys() | outcome.after.keys())
    shares = [(name, *(f"{side.get(name, 0):.2%}" for side in (outcome.before, outcome.after))) for name in names]
    _print_table(("server", "before", "after"), shares)
