"""The in-sync set's steps, by row: what store and primary say, and which single step follows."""

from typing import Any

import pytest
from msgspec.structs import replace

from memcluster.redis.group.insync import adjust, next_mark
from memcluster.redis.group.orders import Attached, InSync
from memcluster.redis.group.state import Config, Sync
from memcluster.redis.group.view import Mark, NodeView, Record, Tell, View
from tests.unit.group.seen import CONFIG, NOW, STATE, SYNC, node, silent, view

ONLINE = Attached("b", state="online", offset=1000)


def step(seen: View) -> Any:
    """The set that is recorded, the order that is given, or None."""
    assert seen.state
    primary = seen.find("a")
    assert primary
    match adjust(seen, seen.state, primary, NOW):
        case Record(facts={"sync": sync}):
            return sync
        case Tell(order=order):
            return order
    return None


def seen_with(sync: Sync, *nodes: NodeView, config: Config = CONFIG, mark: int = 1000) -> View:
    state = replace(STATE, sync=sync, config=config)
    told = [each for each in nodes if each.name == "a"] or [node("a", in_sync_version=sync.version)]
    rest = [each for each in nodes if each.name != "a"]
    return view(*told, *rest, state=state, mark=Mark(3, sync.version, "a1", mark))


ONE = replace(SYNC, members={"b": "b1"}, counted=("b",))
LEAVING = replace(SYNC, counted=("b",), version=8)

ROWS: list[tuple[str, View, Any]] = [
    ("nothing to do", seen_with(SYNC), None),
    ("the primary has not executed it", seen_with(SYNC, node("a", in_sync_version=6)),
     InSync(3, 7, "sync:1", ("b", "c"))),
    ("who has caught up joins the store and the primary", seen_with(ONE),
     replace(SYNC, version=8)),
    ("who has not, does not", seen_with(ONE, node("c", offset=999)), None),
    ("nor who is attached with an older epoch's log", seen_with(ONE, node("c", log_epoch=2, offset=5000)), None),
    ("nor whom the primary does not see", seen_with(ONE, node("a", replicas=(ONLINE,))), None),
    ("who was started again leaves the primary first", seen_with(SYNC, node("c", run_id="c2")), LEAVING),
    ("whose process ended, too", seen_with(SYNC, silent("c", seconds=0, is_over=True)), LEAVING),
    ("whom the primary waits for too long, too", seen_with(SYNC, replace(node("c"), followed_at=NOW - 2)), LEAVING),
    ("not if writes would wait all the same",
     seen_with(ONE, node("a", replicas=()), replace(node("b"), followed_at=NOW - 9), silent("c")), None),
    ("the store follows once the rest holds the mark", seen_with(LEAVING, node("c", run_id="c2")),
     replace(LEAVING, members={"b": "b1"})),
    ("not before", seen_with(LEAVING, node("b", offset=999), node("c", run_id="c2")), None),
    ("the last may leave: then nobody can take over", seen_with(replace(ONE, counted=(), version=8), silent("c")),
     replace(ONE, counted=(), version=8, members={})),
    ("fewer to wait for: store and primary at once",
     seen_with(SYNC, config=replace(CONFIG, durability="async")),
     replace(SYNC, k=0, durability="async", version=8)),
    ("more: the primary first", seen_with(SYNC, config=replace(CONFIG, durability="sync:2")),
     replace(SYNC, durability="sync:2", version=8)),
    ("and the store when both hold the mark",
     seen_with(replace(SYNC, durability="sync:2"), config=replace(CONFIG, durability="sync:2")),
     replace(SYNC, durability="sync:2", k=2)),
    ("not before both do",
     seen_with(replace(SYNC, durability="sync:2"), node("c", offset=999), config=replace(CONFIG, durability="sync:2")),
     None),
    ("a node that is to leave the group",
     seen_with(SYNC, replace(node("c"), config=replace(CONFIG.nodes[2], is_leaving=True))), LEAVING),
]  # fmt: skip


@pytest.mark.parametrize(("about", "seen", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_one_step_at_a_time(about: str, seen: View, expected: Any) -> None:
    assert step(seen) == expected


def test_without_a_mark_nothing_is_concluded() -> None:
    assert step(replace(seen_with(ONE), mark=None)) is None
    assert step(replace(seen_with(ONE), mark=Mark(3, 6, "a1", 0))) is None, "one of another version"
    assert step(replace(seen_with(ONE), mark=Mark(3, 7, "a0", 0))) is None, "one of another run"


def test_the_mark_is_set_when_the_primary_has_executed_the_order_and_passed_by_enough() -> None:
    fresh = seen_with(SYNC, node("a", offset=1500))
    assert next_mark(fresh) == Mark(3, 7, "a1", 1500), "b and c hold 1000"
    behind = seen_with(SYNC, node("a", offset=1500), node("b", offset=900), node("c", offset=900))
    assert next_mark(behind) == Mark(3, 7, "a1", 1000), "nobody holds it yet"
    assert next_mark(seen_with(SYNC, node("a", in_sync_version=6))) is None


@pytest.mark.parametrize(("members", "k", "needed"), [(2, 1, 2), (2, 2, 1), (3, 2, 2), (1, 2, 1), (0, 1, 1), (3, 1, 3)])
def test_so_many_members_meet_every_k(members: int, k: int, needed: int) -> None:
    assert Sync(members=dict.fromkeys(map(str, range(members)), ""), k=k).needed == needed
