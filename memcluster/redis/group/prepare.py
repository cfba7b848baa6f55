"""A group before it runs: its folder, its ports and its state, held until it has ended.

What decides about it is imported once its nodes have been started: they need not wait for that.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import trio

from memcluster.cluster.store.embedded import EmbeddedStore
from memcluster.redis.group import members
from memcluster.redis.group.members import Ports
from memcluster.redis.group.state import prefix, read

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path

    from memcluster.cluster.supervisor import Part
    from memcluster.log import LogSettings
    from memcluster.redis.group.running import RunningGroup
    from memcluster.redis.group.state import NodeConfig
    from memcluster.redis.group.table import GroupTable


@dataclass(frozen=True)
class PreparedGroup:
    """What is known and held of it."""

    table: GroupTable
    nodes: tuple[NodeConfig, ...]
    ports: Ports
    store: EmbeddedStore
    path: Path

    @property
    def name(self) -> str:
        """Its name."""
        return self.table.name

    def begin(self) -> RunningGroup:
        """The group that is to run."""
        from memcluster.redis.group.running import RunningGroup

        return RunningGroup(self.table, self.nodes, self.ports, self.store, self.path)


def prepare(table: GroupTable, log: LogSettings, held: ExitStack) -> tuple[PreparedGroup, list[Part]]:
    """The group, and its nodes as processes for the supervisor."""
    path, lock = held.enter_context(members.folder(table))
    ports = Ports.take(table, held)
    store = held.enter_context(closing(EmbeddedStore.open(path / "group.db")))
    wanted = members.nodes(table, ports)
    before = trio.run(_nodes_before, store, table.name)
    nodes = (*wanted, *members.leaving(before, wanted, held))
    return PreparedGroup(table, nodes, ports, store, path), members.parts(table, nodes, path, lock, log)


async def _nodes_before(store: EmbeddedStore, name: str) -> tuple[NodeConfig, ...]:
    """The nodes that the group had when it last ran."""
    return read(name, await store.range(prefix(name))).config.nodes
