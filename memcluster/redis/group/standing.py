"""How a group stands, for people and for `memcluster status`: values made of its view. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from memcluster.redis.group.orders import Attached
    from memcluster.redis.group.view import NodeView, View


class NodeStanding(msgspec.Struct, frozen=True):
    """One node."""

    name: str
    address: str
    zone: str
    role: str
    """primary, replica, fenced (serves nobody), down (its process has ended), silent (it does not answer)."""
    epoch: int | None = None
    offset: int | None = None
    lag_bytes: int | None = None
    """How much of the primary's log it does not hold yet."""
    lag_ms: int | None = None
    link: str = ""
    is_in_sync: bool = False
    lost_bytes: int = 0


class GroupStanding(msgspec.Struct, frozen=True):
    """The group."""

    name: str
    epoch: int
    primary: str | None
    durability: str
    endpoints: dict[str, str]
    nodes: tuple[NodeStanding, ...]
    is_electing: bool = False
    request: str | None = None
    """What an operator asked for and has not come about yet."""
    counters: dict[str, dict[str, int]] = {}


def standing(
    name: str, view: View, endpoints: dict[str, str], counters: dict[str, dict[str, int]] | None = None
) -> GroupStanding:
    """As this view shows it."""
    state = view.state
    leader = state.leader if state else None
    primary = view.find(leader.node) if leader else None
    attached = {each.name: each for each in primary.status.replicas} if primary and primary.status else {}
    members = state.sync.members if state else {}
    nodes = (
        _node(node, primary, attached.get(node.name), is_in_sync=node.name in members or node is primary)
        for node in view.nodes
    )
    return GroupStanding(
        name=name,
        epoch=leader.epoch if leader else 0,
        primary=leader.node if leader else None,
        durability=state.sync.durability if state else view.settings.durability,
        endpoints=endpoints,
        nodes=tuple(nodes),
        is_electing=bool(leader and leader.epoch and leader.node is None),
        request=state.request.kind if state and state.request else None,
        counters=counters or {},
    )


def _node(node: NodeView, primary: NodeView | None, seen: Attached | None, *, is_in_sync: bool) -> NodeStanding:
    status = node.status
    config = node.config
    if status is None or not node.is_reachable:
        return NodeStanding(config.name, config.address, config.zone, "down" if node.is_over else "silent")
    of_primary = primary.status.offset if primary and primary.status else None
    lag_bytes = max(0, of_primary - status.offset) if of_primary is not None and node is not primary else None
    return NodeStanding(
        name=config.name,
        address=config.address,
        zone=config.zone,
        role="loading" if status.loading else status.role,
        epoch=status.epoch,
        offset=status.offset,
        lag_bytes=lag_bytes,
        lag_ms=seen.lag_ms if seen else None,
        link=status.link if node is not primary else "",
        is_in_sync=is_in_sync,
        lost_bytes=status.lost_bytes,
    )
