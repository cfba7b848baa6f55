"""The part of `memcluster status` that is about groups: roles, zones, how far replicas are behind, who is in sync."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click

from memcluster.cluster import control, record
from memcluster.errors import MemclusterError

STATUS = "group.status"
TIMEOUT_SECONDS = 2.0


@dataclass(frozen=True)
class Status:
    """A group as its supervisor says it stands, or why it does not say."""

    said: dict[str, Any]

    @property
    def is_well(self) -> bool:
        """Whether there is a primary, and every node answers."""
        nodes = self.said.get("nodes", [])
        return bool(self.said.get("primary")) and all(node["role"] not in ("down", "silent") for node in nodes)


def ask(found: record.Record) -> list[Status]:
    """How each group of a cluster stands."""
    if not found.groups:
        return []
    try:
        return [Status(said) for said in control.ask(record.control_path(found.port), STATUS, TIMEOUT_SECONDS)]
    except MemclusterError as error:
        return [Status({"name": group.name, "error": str(error)}) for group in found.groups]


def show(status: Status) -> None:
    """A table of its nodes below a line about the whole."""
    from memcluster.cli.tables import console, new_table

    said = status.said
    if "error" in said:
        click.echo(f"group {said['name']}: {said['error']}")
        return
    state = "is electing a primary" if said["is_electing"] else f"primary {said['primary'] or 'none yet'}"
    request = f", {said['request']} under way" if said["request"] else ""
    title = f"group {said['name']}: epoch {said['epoch']}, {state}, {said['durability']}{request}"
    columns = ("node", "zone", "role", "address", "in sync", "lag", "behind", "epoch", "offset", "set aside")
    table = new_table(title, columns, left=("node", "zone", "role", "address"))
    for node in said["nodes"]:
        is_down = node["role"] in ("down", "silent")
        table.add_row(
            *(node[name] for name in ("name", "zone", "role", "address")),
            "yes" if node["is_in_sync"] else "no",
            "" if node["lag_ms"] is None else f"{node['lag_ms']} ms",
            "" if node["lag_bytes"] is None else f"{node['lag_bytes']} B",
            *("" if node[name] is None else str(node[name]) for name in ("epoch", "offset")),
            f"{node['lost_bytes']} B" if node["lost_bytes"] else "",
            style="red" if is_down else "bold" if node["name"] == said["primary"] else "",
        )
    console().print(table)
    click.echo("  ".join(f"{name} {address}" for name, address in said["endpoints"].items()))
