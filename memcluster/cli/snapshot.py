"""`memcluster snapshot`: backups of Redis mode: taken, listed, deleted, brought back, handed out.

Of a group that runs here the supervisor knows where its snapshots lie; --server and --target do without one.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from memcluster.cli.options import options
from memcluster.cli.supervised import ask, port_option
from memcluster.cluster import record
from memcluster.cluster.information import AUTH_VARIABLE
from memcluster.config import overlay
from memcluster.errors import ConfigError
from memcluster.redis.backup.settings import SnapshotSettings
from memcluster.redis.client import TIMEOUT_SECONDS, Login

if TYPE_CHECKING:
    from collections.abc import Sequence

    from memcluster.redis.backup.manifest import Manifest
    from memcluster.redis.backup.target import Target

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
SECTION = "snapshots"
OR_TARGET = "say with --target where they lie"
target_option = options(SnapshotSettings, SECTION, only={"target"})
group_option = click.option("--group", metavar="NAME", help="the group, if several run")
as_json_option = click.option("--json", "as_json", is_flag=True, help="print JSON")


@click.group(context_settings=CONTEXT)
def command() -> None:
    """Take, list, delete, restore and export snapshots of Redis mode.

    They lie where the group says, or in --target: a directory or a URL (s3://…). One is complete only when it was
    loaded from there.
    """


@command.command()
@click.argument("name")
@group_option
@click.option("-s", "--server", metavar="HOST:PORT", help="instead of a group that runs here: any node of one")
@click.option("--user", metavar="NAME", help=f"who asks that node; the password: {AUTH_VARIABLE}")
@options(SnapshotSettings, SECTION, only={"target", "timeout", "manual_max"})
@port_option
def create(name: str, group: str | None, server: str | None, user: str | None, port: int | None, **flags: Any) -> None:
    """Take a snapshot called NAME: from a replica if one is in sync, else from the primary."""
    from memcluster.redis.backup.controls import TAKE
    from memcluster.redis.backup.manifest import Manifest

    if server is not None:
        made = _take_at(server, name, group, user, overlay(SnapshotSettings(), SECTION, os.environ, flags))
    elif any(flag is not None for flag in flags.values()):
        raise click.UsageError("--target, --timeout and --manual-max go with --server; a group has its own settings")
    else:
        (said,) = ask(port, TAKE, None, instead=f"{record.OR_SERVER} and --target", snapshot=name, group=group)
        made = msgspec.convert(said, Manifest)
    click.echo(
        f"{made.name}: {made.keys} keys, {made.bytes} bytes, from {made.node} ({made.role}) at offset {made.offset}; "
        "verified by loading"
    )


@command.command("list")
@group_option
@target_option
@port_option
@as_json_option
def list_(group: str | None, target: str | None, port: int | None, *, as_json: bool) -> None:
    """List the snapshots that there are, the oldest first."""
    now = datetime.now(UTC)
    place = _target(target, group, port)
    found = [each.seen_at(now) for each in place.snapshots(group)]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    elif not found:
        click.echo(f"no snapshots in {place.url}")
    else:
        _print_table(found)


@command.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@group_option
@target_option
@port_option
def delete(names: Sequence[str], group: str | None, target: str | None, port: int | None) -> None:
    """Delete snapshots."""
    from memcluster.redis.backup.controls import DELETE

    place = _place(target)
    for name in names:
        if place is None:
            list(ask(port, DELETE, None, instead=OR_TARGET, snapshot=name, group=group))
        else:
            _target(place, group, port).delete(name)
        click.echo(f"{name} is deleted")


@command.command()
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@group_option
@target_option
@port_option
def export(name: str, file: Path, group: str | None, target: str | None, port: int | None) -> None:
    """Write a snapshot as a plain RDB FILE, which every Redis since version 5 loads."""
    from memcluster.redis.backup import engine, restore

    made = restore.export(_target(target, group, port), name, file, engine.check)
    click.echo(f"{file}: {made.keys} keys, {made.bytes} bytes")


@command.command()
@click.argument("name")
@click.option(
    "--config", required=True, type=click.Path(path_type=Path), help="the file of `memcluster up` with the new group"
)
@click.option("--group", required=True, metavar="NAME", help="the new group, [group.NAME] of that file")
@target_option
def restore(name: str, config: Path, group: str, target: str | None) -> None:
    """Make a snapshot what a new group begins with, when `memcluster up --config FILE` starts it."""
    from memcluster.cli.document import read
    from memcluster.redis.backup import engine
    from memcluster.redis.backup.restore import seed
    from memcluster.redis.backup.target import Target

    tables = {table.name: table for table in read(config, {}).groups}
    if group not in tables:
        raise ConfigError(f"{config} has no table [group.{group}]: write one; it has {', '.join(tables) or 'none'}")
    table = tables[group]
    opened = Target.open(_place(target) or table.snapshots.target)
    made = seed(opened, name, table, engine.check)
    when = f"{made.created:%Y-%m-%d %H:%M:%S} UTC"
    click.echo(
        f"{group} begins with {made.name} of {made.group}, {made.keys} keys as of {when}: "
        f"start it with `memcluster up --config {config}`"
    )


def _take_at(server: str, name: str, group: str | None, user: str | None, settings: SnapshotSettings) -> Manifest:
    """Without a supervisor: the node and those it knows are asked from here."""
    from memcluster.redis.backup import create as taking
    from memcluster.redis.backup import engine
    from memcluster.redis.backup.manifest import Kind
    from memcluster.redis.backup.survey import asking, survey
    from memcluster.redis.backup.target import Target
    from memcluster.redis.group.members import group_of

    login = Login.from_environment(user)
    ask_node = asking(login, TIMEOUT_SECONDS)
    # As its supervisor calls it: what counts and waits for the group's others must find this one.
    whose = group or group_of(ask_node(server).status.name) or server.rpartition(":")[2]
    wanted = taking.Wanted(name, whose, Kind.MANUAL, settings.timeout, settings.manual_max)
    world = taking.World(lambda: survey([server], ask_node), login, engine.check)
    return taking.create(Target.open(settings.target), wanted, world)


def _place(target: str | None) -> str | None:
    """Where --target or the environment says that snapshots lie; None: neither does."""
    given = overlay(SnapshotSettings(), SECTION, os.environ, {"target": target})
    return given.target if given != SnapshotSettings() else None


def _target(target: str | None, group: str | None, port: int | None) -> Target:
    from memcluster.redis.backup.controls import PLACE
    from memcluster.redis.backup.target import Target

    place = _place(target)
    if place is None:
        (place,) = ask(port, PLACE, TIMEOUT_SECONDS, instead=OR_TARGET, group=group)
    return Target.open(place)


def _print_table(snapshots: list[Manifest]) -> None:
    from memcluster.cli.tables import console, new_table

    columns = ("name", "group", "kind", "state", "created (UTC)", "keys", "bytes", "from", "")
    left = ("name", "group", "kind", "state", "from", "")
    title = f"{len(snapshots)} {'snapshot' if len(snapshots) == 1 else 'snapshots'}"
    table = new_table(title, columns, left, wraps=("",))
    for each in snapshots:
        created = f"{each.created:%Y-%m-%d %H:%M:%S}" if each.created.timestamp() else ""
        numbers = (str(each.keys), str(each.bytes)) if each.is_complete else ("", "")
        style = "" if each.is_complete else "yellow" if not each.error else "red"
        cells = (each.name, each.group, each.kind.value, each.state.value, created, *numbers, each.node, each.error)
        table.add_row(*cells, style=style)
    console().print(table)
