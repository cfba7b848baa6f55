"""A group before it runs: its folder, its ports and its state, held until it has ended."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from memcluster.cluster.store.embedded import EmbeddedStore
from memcluster.redis.group import members
from memcluster.redis.group.members import Ports
from memcluster.redis.group.running import RunningGroup

if TYPE_CHECKING:
    from contextlib import ExitStack

    from memcluster.cluster.supervisor import Part
    from memcluster.log import LogSettings
    from memcluster.redis.group.table import GroupTable


def prepare(table: GroupTable, log: LogSettings, held: ExitStack) -> tuple[RunningGroup, list[Part]]:
    """The group, and its nodes as processes for the supervisor."""
    path, lock = held.enter_context(members.folder(table))
    ports = Ports.take(table, held)
    nodes = members.nodes(table, ports)
    parts = members.parts(table, nodes, path, lock, log)
    store = held.enter_context(closing(EmbeddedStore.open(path / "group.db")))
    return RunningGroup(table, nodes, ports, store), parts
