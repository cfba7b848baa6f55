"""Views written by hand: three nodes in two zones, of which `a` leads epoch 3; rows change what they are about."""

from typing import Any

from msgspec.structs import replace

from memcluster.redis.group.orders import Attached, Status
from memcluster.redis.group.settings import GroupSettings
from memcluster.redis.group.state import Config, GroupState, Holder, Leader, NodeConfig, Sync
from memcluster.redis.group.view import Held, Mark, NodeView, Pointed, View

NOW = 100.0
SETTINGS = GroupSettings(replicas=2, durability="sync:1")
CONFIG = Config(
    (
        NodeConfig("a", "10.0.0.1", 6379, "east"),
        NodeConfig("b", "10.0.0.2", 6379, "east"),
        NodeConfig("c", "10.0.0.3", 6379, "west"),
    ),
    "sync:1",
)
SYNC = Sync(3, "a", "a1", {"b": "b1", "c": "c1"}, 1, ("b", "c"), "sync:1", version=7)
STATE = GroupState(
    {"lease": 1, "config": 2, "leader": 3, "sync": 4},
    CONFIG,
    Holder("me", 5, 3.0),
    Leader(3, "a", "a1"),
    SYNC,
)


def status(name: str, **changes: Any) -> Status:
    """A node of epoch 3 with 1000 bytes of log; `a` as its primary, the others as its replicas."""
    is_primary = name == "a"
    usual: dict[str, Any] = {
        "name": name,
        "role": "primary" if is_primary else "replica",
        "epoch": 3,
        "log_epoch": 3,
        "run_id": f"{name}1",
        "clock_ms": 50_000,
        "offset": 1000,
        "lease_left_ms": 2700 if is_primary else 0,
        "durability": "sync:1",
        "in_sync_version": 7 if is_primary else 0,
        "in_sync": ("b", "c") if is_primary else (),
        "link": "none" if is_primary else "up",
        "primary": "" if is_primary else "10.0.0.1:6379",
        "replicas": (Attached("b", state="online", offset=1000), Attached("c", state="online", offset=1000))
        if is_primary
        else (),
    }
    return Status(**(usual | changes))


def node(name: str, **changes: Any) -> NodeView:
    """A node that has just answered so."""
    config = CONFIG.find(name)
    assert config
    return NodeView(config, status(name, **changes), NOW - 0.01, NOW, is_reachable=True, followed_at=NOW)


def silent(name: str, *, seconds: float = 10.0, is_over: bool = False, **changes: Any) -> NodeView:
    """A node that has not answered for so long."""
    at = NOW - seconds
    return replace(
        node(name, **changes), asked_at=at, answered_at=at, followed_at=at, is_reachable=False, is_over=is_over
    )


def sealed(name: str, epoch: int = 4, **changes: Any) -> NodeView:
    """A node that waits for the end of an election."""
    return node(name, **({"role": "fenced", "epoch": epoch, "link": "none", "primary": "", "replicas": ()} | changes))


def view(*nodes: NodeView, state: GroupState = STATE, **changes: Any) -> View:
    """All of it at NOW; nodes that are not given are as usual."""
    given = {each.name: each for each in nodes}
    usual: dict[str, Any] = {
        "settings": SETTINGS,
        "me": "me",
        "wall": 1000.0,
        "state": state,
        "nodes": tuple(given.get(config.name) or node(config.name) for config in state.config.nodes),
        "held": Held(5, 3.0, NOW),
        "bounds": {"a": NOW + 3},
        "mark": Mark(3, 7, "a1", 1000),
        "led_since": NOW - 60,
        "pointed": Pointed("a", ("b", "c")),
        "reported_at": NOW,
    }
    return View(**(usual | changes))


def electing(**changes: Any) -> GroupState:
    """Epoch 4 is taken, nobody named."""
    leader = Leader(**({"epoch": 4, "previous": "a", "why": "it died"} | changes.pop("leader", {})))
    return replace(STATE, leader=leader, **changes)
