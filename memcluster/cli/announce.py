"""What `memcluster up` says once everything serves: where it all is, and one line to try."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from memcluster.cluster.plan import Role
from memcluster.cluster.settings import ClusterSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from memcluster.cli.document import Wanted
    from memcluster.cluster.supervisor import Part
    from memcluster.redis.group.prepare import PreparedGroup


log = logging.getLogger(__name__)


def announce(wanted: Wanted, parts: Sequence[Part], groups: Sequence[PreparedGroup]) -> None:
    """Says where everything is, and one line to try. That nobody reads it (`| head`) does not end a cluster."""
    from memcluster.cli.tables import console

    try:
        screen = console()
        # Not printed by it: it ends the process where nobody reads.
        with screen.capture() as drawn:
            screen.print(_table(wanted, parts, groups))
        click.echo(f"{drawn.get()}{_to_try(parts, groups)}")
    except OSError as error:
        log.warning("what runs where could not be printed: %s", error.strerror)
        # What is left of it would be tried again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _table(wanted: Wanted, parts: Sequence[Part], groups: Sequence[PreparedGroup]) -> Table:
    from memcluster.cli.tables import new_table

    table = new_table(_title(parts, groups), ("what", "address", "memory", "threads"), left=("what", "address"))
    for part in parts:
        if part.role is Role.PROXY:
            table.add_row("proxy", part.address, "", str(wanted.proxy.threads), style="bold")
        elif part.role is Role.NODE:
            table.add_row(part.name, part.address, str(wanted.node.memory), str(wanted.node.threads))
        elif part.name in wanted.redis:
            redis = wanted.redis[part.name]
            limit = next((given.value for given in reversed(redis.served) if given.name == "maxmemory"), "")
            table.add_row(f"{part.name} (Redis mode)", part.address, limit, str(redis.io_threads))
    for group in groups:
        _add_group(table, group)
    return table


def _title(parts: Sequence[Part], groups: Sequence[PreparedGroup]) -> str:
    nodes = sum(part.role is Role.NODE for part in parts)
    if nodes:
        return f"memcluster: {nodes} {'node' if nodes == 1 else 'nodes'} behind one proxy"
    names = [group.name for group in groups]
    return f"memcluster: {'group' if len(names) == 1 else 'groups'} {', '.join(names)}" if names else "memcluster"


def _add_group(table: Table, group: PreparedGroup) -> None:
    threads = str(group.table.places.relay_threads)
    for name, address in group.ports.addresses.items():
        is_relayed = name != "sentinel"
        style = "bold" if name == "primary" else ""
        table.add_row(f"{group.name} ({name})", address, "", threads if is_relayed else "", style=style)
    for node in group.nodes:
        table.add_row(f"{node.name} in zone {node.zone}", node.address, "", "")


def _to_try(parts: Sequence[Part], groups: Sequence[PreparedGroup]) -> str:
    program = program_name()
    if parts[0].role is Role.PROXY:
        which = f" --port {parts[0].port}" if parts[0].port != ClusterSettings().port else ""
        return (
            f"Clients connect to {parts[0].address}. "
            f"Try: {program} set{which} greeting hello && {program} get{which} greeting"
        )
    if groups:
        port = groups[0].ports.primary.port
        return f"Clients connect to {groups[0].ports.primary.address}. Try: redis-cli -p {port} set greeting hello"
    return f"Clients connect to {parts[0].address}. Try: redis-cli -p {parts[0].port} set greeting hello"


def program_name() -> str:
    """How this program was called, so that a line to try can be pasted."""
    called = sys.argv[0]
    if called.endswith("__main__.py"):
        return f"{sys.executable} -m memcluster"
    found = shutil.which("memcluster")
    return "memcluster" if found and Path(found).resolve() == Path(called).resolve() else called
