"""What people and Sentinel's clients are shown of a group: made of its view, also while much of it is down."""

import math

import trio
import trio.testing
from msgspec.structs import replace

from memcluster.redis.group.alarm import Clock
from memcluster.redis.group.orders import Attached, Status
from memcluster.redis.group.sentinel.picture import Picture, draw
from memcluster.redis.group.settings import GroupSettings
from memcluster.redis.group.standing import standing
from memcluster.redis.group.state import Config, GroupState, Leader, NodeConfig, Sync
from memcluster.redis.group.view import NodeView, View

NODES = tuple(NodeConfig(f"orders-{n}", "127.0.0.1", 7000 + n, zone) for n, zone in ((1, "a"), (2, "b"), (3, "c")))


def status(name: str, role: str, offset: int, **more: object) -> Status:
    return Status(name, role, 4, 4, f"run-{name}", 0, offset, **more)  # type: ignore[arg-type]


def whole() -> View:
    attached = (Attached("orders-2", state="online", offset=90, lag_ms=3),)
    statuses = (
        status("orders-1", "primary", 100, replicas=attached),
        status("orders-2", "replica", 90, link="up"),
        status("orders-3", "replica", 40, link="syncing", lost_bytes=7),
    )
    nodes = tuple(NodeView(config, found, 10.0, 10.0, True) for config, found in zip(NODES, statuses, strict=True))
    sync = Sync(4, "orders-1", "run-orders-1", {"orders-2": "run-orders-2"}, 1, ("orders-2",), "sync:1")
    state = GroupState(config=Config(NODES, "sync:1"), leader=Leader(4, "orders-1", previous="orders-2"), sync=sync)
    return View(GroupSettings(durability="sync:1"), "me", 0.0, state, nodes)


def electing(view: View) -> View:
    assert view.state is not None
    nodes = (replace(view.nodes[0], is_over=True, is_reachable=False), *view.nodes[1:])
    return replace(view, nodes=nodes, state=replace(view.state, leader=Leader(5, None, previous="orders-1")))


def test_a_whole_group() -> None:
    shown = standing("orders", whole(), {})
    assert (shown.epoch, shown.primary, shown.durability, shown.is_electing) == (4, "orders-1", "sync:1", False)
    rows = [
        (node.role, node.zone, node.is_in_sync, node.lag_bytes, node.lag_ms, node.lost_bytes) for node in shown.nodes
    ]
    assert rows == [
        ("primary", "a", True, None, None, 0),
        ("replica", "b", True, 10, 3, 0),
        ("replica", "c", False, 60, None, 7),
    ]


def test_a_group_without_a_primary() -> None:
    shown = standing("orders", electing(whole()), {})
    assert (shown.epoch, shown.primary, shown.is_electing) == (5, None, True)
    assert [node.role for node in shown.nodes] == ["down", "replica", "replica"]


def test_a_group_that_nobody_has_looked_at() -> None:
    shown = standing("orders", View(GroupSettings(), "me", 0.0, None), {})
    assert (shown.epoch, shown.primary, shown.nodes) == (0, None, ())


def test_sentinel_shows_the_last_primary_as_down_until_there_is_another() -> None:
    nothing = Picture("orders")
    assert draw("orders", View(GroupSettings(), "me", 0.0, None), nothing, 10.0) == nothing
    before = draw("orders", whole(), nothing, 10.2)
    assert before.primary is not None
    assert (before.primary.port, before.primary.is_down, before.primary.answered_ms_ago) == (7001, False, 200)
    assert [(each.port, each.is_down, each.link_is_up) for each in before.replicas] == [
        (7002, False, True),
        (7003, False, False),
    ]
    during = draw("orders", electing(whole()), before, 10.2)
    assert during.primary is not None
    assert (during.primary.port, during.primary.is_down, during.is_electing, during.epoch) == (7001, True, True, 5)


async def test_a_bell_that_rang_before_is_heard() -> None:
    clock = Clock()
    clock.ring()
    with trio.fail_after(10):
        await clock.wait(math.inf)
        began = clock.now()
        await clock.wait(began + 0.05)
        assert clock.now() >= began + 0.05
        async with trio.open_nursery() as nursery:
            nursery.start_soon(clock.wait, math.inf)
            await trio.testing.wait_all_tasks_blocked()
            clock.ring()
