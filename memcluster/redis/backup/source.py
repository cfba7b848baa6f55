"""Which node of a group a snapshot is taken from: a pure function of what the nodes say of themselves.

A replica by preference, so that clients feel nothing: of those that are in sync the most advanced. A final snapshot is
the primary's: nothing that it acknowledged may be missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from memcluster.errors import BackupError
from memcluster.redis import resp

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Node:
    """A node as it described itself (MEMC.STATUS), at the address where it answered."""

    address: str
    name: str
    role: str
    epoch: int = 0
    offset: int = 0
    link: str = "none"
    durability: str = "async"
    in_sync: tuple[str, ...] = ()
    replicas: tuple[str, ...] = ()
    """Addresses of those that follow it."""
    primary: str = ""
    is_loading: bool = False


def described(address: str, reply: Any) -> Node:
    """What a node's MEMC.STATUS says."""
    said = resp.mapping(reply)
    followers = (resp.mapping(each) for each in said.get("replicas") or [])
    return Node(
        address=address,
        name=resp.text(said.get("name")) or address,
        role=resp.text(said.get("role")),
        epoch=int(said.get("epoch") or 0),
        offset=int(said.get("offset") or 0),
        link=resp.text(said.get("link")),
        durability=resp.text(said.get("durability")),
        in_sync=tuple(resp.text(name) for name in said.get("in_sync") or []),
        replicas=tuple(resp.text(each.get("address")) for each in followers),
        primary=resp.text(said.get("primary")),
        is_loading=bool(int(said.get("loading") or 0)),
    )


def choose(nodes: Iterable[Node], *, is_final: bool = False) -> Node:
    """The node to ask; BackupError if none can be."""
    able = [node for node in nodes if not node.is_loading]
    primaries = sorted((node for node in able if node.role == "primary"), key=lambda node: -node.epoch)
    in_sync = {name for primary in primaries[:1] for name in primary.in_sync}
    replicas = [node for node in able if _is_in_step(node, primaries, in_sync)]
    if replicas and not is_final:
        return max(replicas, key=lambda node: (node.offset, node.name))
    if not primaries:
        what = "the final snapshot is the primary's" if is_final else "no replica is in sync, and no primary answers"
        raise BackupError(f"no node can be asked for a snapshot: {what}; see `memcluster status`")
    return primaries[0]


def _is_in_step(node: Node, primaries: list[Node], in_sync: set[str]) -> bool:
    """Whether a replica's link stands, to the primary of our time, and it is in sync where such a set is kept."""
    if node.role != "replica" or node.link != "up":
        return False
    if primaries and node.epoch != primaries[0].epoch:
        return False
    return not in_sync or node.name in in_sync
