"""Who is elected, by row: what the store relies on, who answers and how, and who is chosen or what is waited for."""

from typing import Any

import pytest
from msgspec.structs import replace

from memcluster.redis.group.election import elect
from memcluster.redis.group.orders import Seal
from memcluster.redis.group.state import GroupState, Leader, Request, Sync
from memcluster.redis.group.view import NodeView, Record, Tell, View, Wait
from tests.unit.group.seen import CONFIG, NOW, STATE, SYNC, electing, node, sealed, silent, view

ASYNC = Sync(3, "a", "a1", {}, 0, (), "async", 1)
DEAD = silent("a", is_over=True)


def outcome(seen: View) -> Any:
    """The name of who is elected, or the sentence that says why nobody is."""
    assert seen.state
    last = elect(seen, seen.state, NOW)[-1]
    if isinstance(last, Record):
        leader = last.facts["leader"]
        assert isinstance(leader, Leader)
        return leader.node
    assert isinstance(last, Wait)
    return last.sentence


SYNC_ROWS = [
    ("the longest log", SYNC, [DEAD, sealed("b", offset=900), sealed("c", offset=950)], "c"),
    ("the later epoch's log", SYNC, [DEAD, sealed("b", log_epoch=2, offset=2000), sealed("c", offset=950)], "c"),
    ("of equals the other zone", SYNC, [DEAD, sealed("b"), sealed("c")], "c"),
    ("k is 1 of 2: both must answer", SYNC, [DEAD, sealed("b"), silent("c")], "2 of the in-sync set"),
    ("k is 2 of 2: one is enough", replace(SYNC, k=2), [DEAD, sealed("b"), silent("c")], "b"),
    ("a member is not whole", SYNC, [DEAD, sealed("b"), sealed("c", loading=True)], "2 of the in-sync set"),
    ("a member was started again", SYNC, [DEAD, sealed("b"), sealed("c", run_id="c2")], "2 of the in-sync set"),
    ("the leader as it was knows all", SYNC, [sealed("a", offset=990), silent("b"), silent("c")], "a"),
    ("the leader started again does not", SYNC, [sealed("a", run_id="a2"), silent("b"), silent("c")], "in-sync set"),
    ("all started again: the longest", SYNC, [sealed("a", run_id="x"), sealed("b", run_id="x", offset=1001),
                                              sealed("c", run_id="x")], "b"),
    ("a single member", replace(SYNC, members={"b": "b1"}), [DEAD, sealed("b", offset=1), sealed("c")], "b"),
    ("no member: only the leader", replace(SYNC, members={}), [DEAD, sealed("b"), sealed("c")], "in-sync set"),
    ("one whose data are being replaced has nothing", SYNC,
     [sealed("a", run_id="a2"), node("b", loading=True), sealed("c", run_id="c2", offset=5)], "a"),
]  # fmt: skip

ASYNC_ROWS = [
    ("the longest log", [DEAD, sealed("b", offset=900), sealed("c", offset=950)], "c"),
    ("who answers", [DEAD, sealed("b", offset=900), silent("c")], "b"),
    ("too much would be lost", [silent("a", is_over=True, offset=10**9), sealed("b"), silent("c")], "would be lost"),
    ("nothing better can come", [sealed("a", run_id="a2"), sealed("b", offset=2000), sealed("c")], "b"),
    ("nobody answers", [DEAD, silent("b"), silent("c")], "no node answers"),
]


@pytest.mark.parametrize(("about", "sync", "nodes", "expected"), SYNC_ROWS, ids=[row[0] for row in SYNC_ROWS])
def test_with_synchronous_replicas(about: str, sync: Sync, nodes: list[NodeView], expected: str) -> None:
    found = outcome(view(*nodes, state=electing(sync=sync)))
    assert found == expected or expected in found


@pytest.mark.parametrize(("about", "nodes", "expected"), ASYNC_ROWS, ids=[row[0] for row in ASYNC_ROWS])
def test_without(about: str, nodes: list[NodeView], expected: str) -> None:
    found = outcome(view(*nodes, state=electing(sync=ASYNC)))
    assert found == expected or expected in found


def test_an_operator_can_accept_loss() -> None:
    state = electing(request=Request("1", "now", accept_loss=True))
    assert outcome(view(DEAD, sealed("b", run_id="b2"), silent("c"), state=state)) == "b"


def test_whom_the_operator_wants_among_equals() -> None:
    assert outcome(view(sealed("a"), sealed("b"), sealed("c"), state=electing(leader={"prefer": "b"}))) == "b"
    behind = sealed("b", offset=999)
    assert outcome(view(sealed("a"), behind, sealed("c"), state=electing(leader={"prefer": "b"}))) != "b"


def test_the_old_primary_is_avoided_if_others_know_enough() -> None:
    state = electing(leader={"avoid": "a"})
    assert outcome(view(sealed("a", offset=1005), sealed("b"), sealed("c"), state=state)) == "c"
    assert outcome(view(sealed("a", offset=1005), sealed("b"), silent("c"), state=state)) == "a"


def test_all_that_answer_are_sealed_first() -> None:
    seen = view(DEAD, state=electing())
    assert [action.order for action in elect(seen, seen.state or STATE, NOW) if isinstance(action, Tell)] == [
        Seal(4),
        Seal(4),
    ]


def test_a_node_that_only_heard_of_the_epoch_is_sealed_all_the_same() -> None:
    still_linked = node("b", epoch=4)
    seen = view(DEAD, still_linked, sealed("c"), state=electing())
    actions = elect(seen, seen.state or STATE, NOW)
    assert [action.order for action in actions if isinstance(action, Tell)] == [Seal(4)]
    assert isinstance(actions[-1], Wait)


def test_nobody_is_named_while_the_old_primary_may_serve() -> None:
    partitioned = view(silent("a"), sealed("b"), sealed("c"), state=electing(), bounds={"a": NOW + 1.5})
    assert "a may serve for 1.5 s more" in outcome(partitioned)
    assert outcome(replace(partitioned, bounds={"a": NOW})) == "c"
    assert outcome(replace(partitioned, nodes=(DEAD, sealed("b"), sealed("c")))) == "c", "its process ended"
    assert outcome(replace(partitioned, nodes=(sealed("a", offset=1), sealed("b"), sealed("c")))) == "c", "sealed"
    taken_over = replace(partitioned, bounds={}, bound_of_others=NOW + 1)
    assert "a may serve" in outcome(taken_over), "by orders of the supervisor before"


def test_the_first_start_waits_for_all() -> None:
    first = GroupState({}, CONFIG, STATE.holder, Leader(1, why="first"))
    empty = [sealed(name, 1, log_epoch=0, offset=0) for name in "abc"]
    assert outcome(view(*empty, state=first, bounds={})) == "a"
    full = sealed("c", 1, log_epoch=0, offset=77)
    assert outcome(view(*empty[:2], full, state=first, bounds={})) == "c"
    assert "yet: c has yet to say what it holds" in outcome(view(*empty[:2], silent("c"), state=first, bounds={}))
    two = view(empty[0], silent("b"), silent("c"), state=first, bounds={})
    assert "b, c have yet to say what they hold" in outcome(two)


def test_a_node_that_has_seen_more_makes_a_higher_epoch() -> None:
    seen = view(DEAD, sealed("b", 9), sealed("c"), state=electing())
    (record,) = elect(seen, seen.state or STATE, NOW)
    assert isinstance(record, Record)
    leader = record.facts["leader"]
    assert isinstance(leader, Leader)
    assert (leader.epoch, leader.node) == (10, None)


def test_the_new_set_is_who_has_as_much() -> None:
    state = electing(request=Request("7", "now"))
    seen = view(DEAD, sealed("b", offset=990), sealed("c"), state=state)
    record = elect(seen, state, NOW)[-1]
    assert isinstance(record, Record)
    assert record.facts["sync"] == Sync(4, "c", "c1", {}, 1, (), "sync:1", 1)
    assert record.facts["request"] is None
    assert record.request == "7"


@pytest.mark.parametrize(
    ("request_", "nodes", "is_answered"),
    [
        (Request("1", "switchover", "c"), [sealed("a"), sealed("b"), sealed("c")], True),
        (Request("1", "switchover", "c"), [sealed("a"), sealed("b", offset=1001), sealed("c")], False),
        (Request("1", "switchover"), [sealed("a", offset=1001), sealed("b"), sealed("c")], False),
        (Request("1", "now"), [DEAD, sealed("b"), sealed("c")], True),
        (Request("1", "test"), [sealed("a", offset=1001), sealed("b"), sealed("c")], True),
        (Request("1", "now", accept_loss=True), [sealed("a", offset=1001), silent("b"), silent("c")], True),
    ],
)
def test_a_request_is_answered_by_what_was_asked_for(
    request_: Request, nodes: list[NodeView], is_answered: bool
) -> None:
    state = electing(request=request_, leader={"prefer": request_.to})
    record = elect(view(*nodes, state=state), state, NOW)[-1]
    assert isinstance(record, Record)
    assert (record.request == "1", "request" in record.facts) == (is_answered, is_answered)
