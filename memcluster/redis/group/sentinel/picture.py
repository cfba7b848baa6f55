"""What clients of Sentinel are told of a group: values, made of the group's view. Knows no wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memcluster.redis.group.view import NodeView, View


@dataclass(frozen=True)
class Instance:
    """A node as Sentinel names it: by its address."""

    host: str
    port: int
    run_id: str = ""
    is_down: bool = False
    offset: int = 0
    link_is_up: bool = True
    answered_ms_ago: int = 0

    @property
    def address(self) -> str:
        """`host:port`, which is a replica's name, too."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Picture:
    """A group at one moment. While a primary is being elected, the last one stands there, as down."""

    name: str
    epoch: int = 0
    primary: Instance | None = None
    replicas: tuple[Instance, ...] = ()
    is_electing: bool = False


def draw(name: str, view: View, before: Picture, now: float) -> Picture:
    """The group as this view shows it; `before` is what was told last."""
    if view.state is None:
        return before
    leader = view.state.leader
    shown = leader.node or leader.previous
    found = view.find(shown)
    nodes = sorted(view.others(shown), key=lambda node: node.name)
    primary = _instance(found, now, is_down=leader.node is None or _is_down(found)) if found else before.primary
    replicas = tuple(_instance(node, now, is_down=_is_down(node)) for node in nodes)
    return Picture(name, leader.epoch, primary, replicas, is_electing=leader.node is None)


def _is_down(node: NodeView) -> bool:
    return node.is_over or not node.is_reachable


def _instance(node: NodeView, now: float, *, is_down: bool) -> Instance:
    status = node.status
    silence = now - node.answered_at if node.status else 0.0
    return Instance(
        host=node.config.host,
        port=node.config.port,
        run_id=status.run_id if status else "",
        is_down=is_down,
        offset=status.offset if status else 0,
        link_is_up=bool(status and status.link == "up"),
        answered_ms_ago=max(0, round(silence * 1000)),
    )
