"""A group's decisions by row: what is seen, and what is done."""

from typing import Any

import pytest
from msgspec.structs import replace

from memcluster.redis.group.decide import decide
from memcluster.redis.group.orders import Attached, Follow, Lease, Pause, Promote, Resume
from memcluster.redis.group.state import GroupState, Holder, Leader, Report, Request
from memcluster.redis.group.view import (
    NEVER,
    Acquire,
    Action,
    Held,
    KeepAlive,
    Paused,
    Point,
    Pointed,
    Record,
    Retire,
    Tell,
    View,
    Wait,
)
from tests.unit.group.seen import CONFIG, NOW, STATE, SYNC, node, silent, view

REPORTS = {name: Report("primary" if name == "a" else "replica", 3, 3, 1000, f"{name}1") for name in "abc"}
CALM = replace(STATE, reports=REPORTS)


def calm(*nodes: Any, state: GroupState = CALM, **changes: Any) -> View:
    """Everything is well, but for what the row says."""
    return view(*nodes, state=state, **changes)


def told(actions: list[Action]) -> list[Any]:
    return [action.order for action in actions if isinstance(action, Tell)]


def elections(actions: list[Action]) -> list[Leader]:
    return [action.facts["leader"] for action in actions if isinstance(action, Record) and "leader" in action.facts]  # type: ignore[misc]


def test_all_is_well() -> None:
    assert decide(calm(), NOW) == []


# --- the lease on the group


@pytest.mark.parametrize(
    ("about", "seen", "expected"),
    [
        ("the store is out", replace(calm(), state=None), Wait),
        ("nobody supervises", calm(state=replace(CALM, holder=None)), Acquire),
        ("somebody else does", calm(state=replace(CALM, holder=Holder("other", 9, 3.0))), Wait),
        ("he is gone", calm(state=replace(CALM, holder=Holder("other", 9, 3.0)), may_take_over=True), Acquire),
        ("we do, it seems", calm(held=None), KeepAlive),
        ("we did until it ran out", calm(held=Held(5, 3.0, NOW - 3)), KeepAlive),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_only_the_holder_of_the_lease_decides(about: str, seen: View, expected: type) -> None:
    (action,) = decide(seen, NOW)
    assert type(action) is expected


def test_the_lease_is_renewed_and_the_primarys_with_it_but_shorter() -> None:
    keep, lease = decide(calm(node("a", lease_left_ms=2200), held=Held(5, 3.0, NOW - 0.5)), NOW)
    assert keep == KeepAlive(5)
    assert isinstance(lease, Tell)
    # From the clock it had when it answered: 3 s less the margin.
    assert lease.order == Lease(3, 50_000 + 2700)
    assert lease.lasts_until == NOW + 3


def test_a_lease_that_did_not_get_there_is_given_again() -> None:
    assert told(decide(calm(node("a", lease_left_ms=1900)), NOW)) == [Lease(3, 52_700)]


def test_no_lease_is_given_beyond_ours() -> None:
    actions = decide(calm(held=Held(5, 3.0, NOW - 2.9), settings=replace(calm().settings, lease_renew=9)), NOW)
    assert told(actions) == []


# --- the primary is lost, or not


@pytest.mark.parametrize(
    ("about", "seen", "reason"),
    [
        ("its process ended", calm(silent("a", seconds=0, is_over=True)), "the process of a ended"),
        ("it was started again", calm(node("a", run_id="a2", role="fenced")), "a was started again"),
        ("a node has seen more", calm(node("b", epoch=8)), "a node has seen epoch 8"),
        ("it is silent and its lease is over", calm(silent("a"), bounds={"a": NOW}), "its lease has run out"),
        ("it is silent, its lease is not over", calm(silent("a")), None),
        ("it missed one probe, nobody gave it a lease", calm(silent("a", seconds=0.3), bounds={}), None),
        ("a test, its lease is over", calm(state=replace(CALM, request=Request("1", "test", at=1000.0)),
                                           bounds={"a": NOW}), "a test"),
        ("a test, its lease is not over", calm(state=replace(CALM, request=Request("1", "test", at=1000.0))), None),
        ("it is not there any more", calm(state=replace(CALM, leader=Leader(3, "z", "z1"))), "z is no longer known"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_when_an_election_begins(about: str, seen: View, reason: str | None) -> None:
    begun = elections(decide(seen, NOW))
    if reason is None:
        assert begun == []
    else:
        (leader,) = begun
        assert leader.node is None
        assert leader.epoch == (9 if "8" in reason else 4)
        assert reason in leader.why


@pytest.mark.parametrize(("left", "looks_in"), [(3.0, None), (0.3, 0.3), (0.1, 0.1), (0.0, None)])
def test_a_primary_that_is_silent_is_waited_for_to_the_moment(left: float, looks_in: float | None) -> None:
    (wait,) = decide(calm(silent("a", seconds=0.2), bounds={"a": NOW + left}), NOW)
    assert isinstance(wait, Wait)
    assert wait.sentence == f"a does not answer: its lease ends in {left:.1f} s"
    assert wait.seconds == pytest.approx(looks_in)


def test_one_under_test_is_renewed_no_longer() -> None:
    actions = decide(
        calm(node("a", lease_left_ms=100), state=replace(CALM, request=Request("1", "test", at=1000.0))), NOW
    )
    assert told(actions) == []


def test_the_named_node_is_promoted_until_it_is_primary() -> None:
    fenced = node("a", role="fenced", lease_left_ms=0)
    actions = decide(calm(fenced), NOW)
    assert told(actions) == [Promote(3, 52_700, "a1")]
    assert Point(Pointed(None, ("b", "c"))) in actions


def test_others_follow() -> None:
    deposed = node("b", role="fenced", epoch=2, link="none", primary="")
    astray = node("c", primary="10.0.0.9:6379")
    orders = told(decide(calm(deposed, astray), NOW))
    assert orders == [Follow(3, "10.0.0.1", 6379)] * 2


def test_a_replica_without_a_link_is_told_again_but_that_is_no_news() -> None:
    actions = decide(calm(node("b", link="down")), NOW)
    assert told(actions) == [Follow(3, "10.0.0.1", 6379)]
    assert [action.sentence for action in actions if isinstance(action, Tell)] == [""]


# --- requests


def asked(kind: Any, to: str | None = None, **changes: Any) -> GroupState:
    return replace(CALM, request=Request("1", kind, to, at=1000.0), **changes)


FRESH = Paused(3, NOW - 0.05, NOW + 0.25)


@pytest.mark.parametrize(
    ("about", "seen", "expected"),
    [
        ("writes are held first", calm(state=asked("switchover", "b")), [Pause(3, 300)]),
        ("then the candidate catches up",
         calm(node("a", offset=1100), state=asked("switchover", "b"), paused=FRESH), []),
        ("what was seen before the pause counts for nothing",
         calm(state=asked("switchover", "b"), paused=Paused(3, NOW + 0.01, NOW + 0.3)), []),
        ("it does not in time: writes go on",
         calm(node("a", offset=1100), state=asked("switchover", "b"), paused=Paused(3, NOW - 0.2, NOW + 0.1)),
         [Resume(3)]),
        ("and it is tried again, not at once",
         calm(state=asked("switchover", "b"), paused=Paused(3, NOW - 0.4, NOW - 0.1)), []),
        ("but later", calm(state=asked("switchover", "b"), paused=Paused(3, NOW - 2, NOW - 1.7)), [Pause(3, 300)]),
        ("a candidate that is not in sync",
         calm(state=asked("switchover", "b", sync=replace(SYNC, members={"c": "c1"}, counted=("c",)))), []),
        ("a candidate that nobody knows", calm(state=asked("switchover", "z")), []),
        ("the primary itself", calm(state=asked("switchover", "a")), []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_switchover(about: str, seen: View, expected: list[Any]) -> None:
    orders = [order for order in told(decide(seen, NOW)) if isinstance(order, Pause | Resume)]
    assert orders == expected
    assert elections(decide(seen, NOW)) == []


def test_a_switchover_takes_who_has_all() -> None:
    (leader,) = elections(decide(calm(state=asked("switchover", "b"), paused=FRESH), NOW))
    assert (leader.epoch, leader.prefer, leader.avoid) == (4, "b", None)


def test_without_a_name_another_zone_is_taken() -> None:
    (leader,) = elections(decide(calm(state=asked("now"), paused=FRESH), NOW))
    assert leader.prefer == "c"


def test_now_means_now() -> None:
    late = calm(node("a", offset=10**6), state=asked("now"), paused=Paused(3, NOW - 0.2, NOW + 0.1))
    (leader,) = elections(decide(late, NOW))
    assert leader.avoid == "a"


@pytest.mark.parametrize("leader", [Leader(4), Leader(0)], ids=["an election", "never one"])
def test_a_request_is_answered_where_nobody_can_be_elected(leader: Leader) -> None:
    old = calm(
        *(silent(name) for name in "abc"), state=replace(CALM, leader=leader, request=Request("1", "now", at=900.0))
    )
    (record,) = (action for action in decide(old, NOW) if isinstance(action, Record))
    assert (record.facts, record.event, record.request) == ({"request": None}, "failed", "1")
    assert "there is no primary" in record.sentence


def test_a_request_that_cannot_come_about_is_answered() -> None:
    old = calm(state=replace(CALM, request=Request("1", "switchover", "z", at=900.0)))
    records = [action for action in decide(old, NOW) if isinstance(action, Record)]
    assert [(record.facts, record.event, record.request) for record in records] == [({"request": None}, "failed", "1")]
    assert records[0].sentence == (
        "switchover did not come about: there is no node z; there are b, c: see `memcluster status`"
    )


# --- nodes that leave


def test_a_primary_that_is_to_leave_hands_over_first() -> None:
    nodes = (replace(CONFIG.nodes[0], is_leaving=True), *CONFIG.nodes[1:])
    state = replace(CALM, config=replace(CONFIG, nodes=nodes))
    primary = replace(node("a"), config=nodes[0])
    assert told(decide(calm(primary, state=state), NOW)) == [Pause(3, 300)]


def test_a_node_on_which_nothing_depends_is_let_go() -> None:
    nodes = (*CONFIG.nodes[:2], replace(CONFIG.nodes[2], is_leaving=True))
    sync = replace(SYNC, members={"b": "b1"}, counted=("b",))
    state = replace(CALM, config=replace(CONFIG, nodes=nodes), sync=sync)
    actions = decide(calm(replace(node("c"), config=nodes[2]), state=state), NOW)
    assert Retire("c") in actions
    (record,) = [action for action in actions if isinstance(action, Record)]
    assert record.facts["config"] == replace(CONFIG, nodes=nodes[:2])
    still = replace(state, sync=SYNC)
    assert Retire("c") not in decide(calm(replace(node("c"), config=nodes[2]), state=still), NOW)


# --- where clients are led


@pytest.mark.parametrize(
    ("about", "nodes", "expected"),
    [
        ("all is well", (), Pointed("a", ("b", "c"))),
        ("a replica is gone", (silent("c"),), Pointed("a", ("b",))),
        ("a replica loads", (node("b", link="syncing"),), Pointed("a", ("c",))),
        ("no replica", (silent("b"), silent("c")), Pointed("a", ("a",))),
        ("the primary is fenced", (node("a", role="fenced"),), Pointed(None, ())),
        ("the primary's process ended", (silent("a", is_over=True),), Pointed(None, ())),
        ("the primary missed a probe", (silent("a", seconds=0.3),), Pointed("a", ("b", "c"))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_clients_are_led_to_who_serves(about: str, nodes: tuple[Any, ...], expected: Pointed) -> None:
    actions = decide(calm(*nodes, pointed=Pointed("nobody", ())), NOW)
    assert [action.pointed for action in actions if isinstance(action, Point)] == [expected]


# --- what is remembered


def test_a_tail_that_was_set_aside_is_told_once() -> None:
    rejoined = node("b", lost_bytes=120)
    (record,) = [action for action in decide(calm(rejoined), NOW) if isinstance(action, Record)]
    assert record.event == "lost"
    assert "120 bytes" in record.sentence
    known = replace(CALM, reports=record.facts["reports"])
    assert decide(calm(rejoined, state=known), NOW) == []


def test_offsets_are_written_down_now_and_then() -> None:
    further = node("a", offset=1200, replicas=(Attached("b", state="online"), Attached("c", state="online")))
    assert decide(calm(further), NOW) == []
    (record,) = decide(calm(further, reported_at=NEVER), NOW)
    assert isinstance(record, Record)
    assert record.event == ""
