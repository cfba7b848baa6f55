"""A group before it runs: its folder, its ports and its state, held until it has ended."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import trio

from memcluster.cluster.store.embedded import EmbeddedStore
from memcluster.redis.group import members
from memcluster.redis.group.members import Ports
from memcluster.redis.group.running import RunningGroup
from memcluster.redis.group.state import prefix, read

if TYPE_CHECKING:
    from contextlib import ExitStack

    from memcluster.cluster.supervisor import Part
    from memcluster.log import LogSettings
    from memcluster.redis.group.state import NodeConfig
    from memcluster.redis.group.table import GroupTable


def prepare(table: GroupTable, log: LogSettings, held: ExitStack) -> tuple[RunningGroup, list[Part]]:
    """The group, and its nodes as processes for the supervisor."""
    path, lock = held.enter_context(members.folder(table))
    ports = Ports.take(table, held)
    store = held.enter_context(closing(EmbeddedStore.open(path / "group.db")))
    wanted = members.nodes(table, ports)
    before = trio.run(_nodes_before, store, table.name)
    nodes = (*wanted, *members.leaving(before, wanted, held))
    return RunningGroup(table, nodes, ports, store, path), members.parts(table, nodes, path, lock, log)


async def _nodes_before(store: EmbeddedStore, name: str) -> tuple[NodeConfig, ...]:
    """The nodes that the group had when it last ran."""
    return read(name, await store.range(prefix(name))).config.nodes
