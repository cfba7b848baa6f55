"""Which node of a group a snapshot is taken from: a pure function of what the nodes say of themselves.

A replica by preference, so that clients feel nothing: of those that are in sync the most advanced. A final snapshot is
the primary's: nothing that it acknowledged may be missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from memcluster.errors import BackupError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from memcluster.redis.group.orders import Status


@dataclass(frozen=True)
class Node:
    """A node as it described itself, and the address where it answered."""

    address: str
    status: Status

    @property
    def name(self) -> str:
        """Its name; its address if it belongs to no group."""
        return self.status.name or self.address

    @property
    def log(self) -> tuple[int, int]:
        """How much its log holds, comparable within a group."""
        return (self.status.log_epoch, self.status.offset)


def choose(nodes: Iterable[Node], *, is_final: bool = False) -> Node:
    """The node to ask; BackupError if none can be."""
    whole = [node for node in nodes if node.status.is_whole]
    primary = max(
        (node for node in whole if node.status.role == "primary"), key=lambda node: node.status.epoch, default=None
    )
    replicas = [node for node in whole if _is_in_step(node, primary)]
    if replicas and not is_final:
        return max(replicas, key=lambda node: (node.log, node.name))
    if primary is None:
        what = "the final snapshot is the primary's" if is_final else "no replica is in sync, and no primary answers"
        raise BackupError(f"no node can be asked for a snapshot: {what}; see `memcluster status`")
    return primary


def _is_in_step(node: Node, primary: Node | None) -> bool:
    """Whether a replica's link stands, to the primary of our time, and it is in sync where such a set is kept."""
    if node.status.role != "replica" or node.status.link != "up":
        return False
    if primary is None:
        return True
    in_sync = primary.status.in_sync
    return node.status.epoch == primary.status.epoch and (not in_sync or node.name in in_sync)
