"""Which node a snapshot is taken from."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcluster.errors import BackupError, ServerError
from memcluster.redis import resp
from memcluster.redis.backup.source import Node, choose
from memcluster.redis.backup.survey import survey
from memcluster.redis.group.orders import Attached, Status, described

PRIMARY = Status(name="a", role="primary", epoch=3, log_epoch=3, run_id="r", clock_ms=1, offset=100)
REPLICA = msgspec.structs.replace(PRIMARY, name="b", role="replica", offset=90, link="up", primary="h:1")


def node(status: Status, **changes: object) -> Node:
    changed = msgspec.structs.replace(status, **changes)
    return Node(f"{changed.name}:1", changed)


def test_the_most_advanced_replica() -> None:
    nodes = [node(PRIMARY), node(REPLICA), node(REPLICA, name="c", offset=95), node(REPLICA, name="d", offset=93)]
    assert choose(nodes).name == "c"
    assert choose(nodes, is_final=True).name == "a"


def test_one_in_sync_where_there_is_such_a_set() -> None:
    nodes = [node(PRIMARY, in_sync=("b",)), node(REPLICA), node(REPLICA, name="c", offset=95)]
    assert choose(nodes).name == "b"


@pytest.mark.parametrize(
    "changes", [{"link": "down"}, {"link": "syncing"}, {"loading": True}, {"epoch": 2}, {"role": "fenced"}]
)
def test_the_primary_if_no_replica_keeps_up(changes: dict[str, object]) -> None:
    assert choose([node(PRIMARY), node(REPLICA, **changes)]).name == "a"


def test_the_primary_of_our_time() -> None:
    assert choose([node(PRIMARY, name="old", epoch=2, offset=900), node(PRIMARY)]).name == "a"


def test_a_replica_though_the_primary_is_gone() -> None:
    assert choose([node(REPLICA)]).name == "b"
    with pytest.raises(BackupError, match="the final snapshot is the primary's"):
        choose([node(REPLICA)], is_final=True)


def test_nobody() -> None:
    with pytest.raises(BackupError, match="no replica is in sync, and no primary answers"):
        choose([node(REPLICA, link="down")])


statuses = st.builds(
    Status,
    name=st.sampled_from("abcdef"),
    role=st.sampled_from(["primary", "replica", "fenced"]),
    epoch=st.integers(1, 3),
    log_epoch=st.integers(1, 3),
    run_id=st.just("r"),
    clock_ms=st.just(0),
    offset=st.integers(0, 5),
    in_sync=st.lists(st.sampled_from("abcdef"), max_size=3, unique=True).map(tuple),
    link=st.sampled_from(["up", "down", "syncing", "none"]),
    loading=st.booleans(),
)


@given(st.lists(statuses, max_size=6, unique_by=lambda each: each.name), st.booleans())
def test_what_holds_always(found: list[Status], is_final: bool) -> None:
    nodes = [Node(f"{each.name}:1", each) for each in found]
    try:
        chosen = choose(nodes, is_final=is_final).status
    except BackupError:
        assert not any(each.role == "primary" and each.is_whole for each in found)
        return
    assert chosen.is_whole
    assert chosen.role != "fenced"
    assert not is_final or chosen.role == "primary"
    if chosen.role == "replica":
        assert chosen.link == "up"
        newest = [each for each in found if each.role == "primary" and each.is_whole]
        assert all(chosen.epoch == max(each.epoch for each in newest) for _ in newest)


def test_a_survey_finds_everyone_from_anyone() -> None:
    answers = {
        "a:1": node(PRIMARY, replicas=(Attached("b", "b:1"), Attached("c", "c:1"))),
        "b:1": node(REPLICA, primary="a:1"),
    }

    def ask(address: str) -> Node:
        if address not in answers:
            raise ServerError(f"{address}: is a server running there?")
        return answers[address]

    for start in answers:
        assert {each.name for each in survey([start], ask)} == {"a", "b"}
    with pytest.raises(BackupError, match="is a server running there"):
        survey(["c:1"], ask)


def test_a_status_as_it_comes_over_the_wire() -> None:
    said = resp.read(
        resp.encode(
            *("name", "a", "role", "primary", "epoch", 3, "log_epoch", 3, "run_id", "r", "clock_ms", 1),
            *("offset", 100, "later_field", "x"),
        )
    )
    assert said is not None
    assert described(said[0]) == PRIMARY
    following = [b"name", b"b", b"address", b"b:1", b"state", b"online", b"offset", 90]
    assert described([*said[0], b"replicas", [following], b"in_sync", [b"b"]]) == msgspec.structs.replace(
        PRIMARY, in_sync=("b",), replicas=(Attached("b", "b:1", "online", 90),)
    )
    for wrong in (["name"], b"x", [b"role", b"king"]):
        with pytest.raises(ValueError, match=r"map|name|role|Object"):
            described(wrong)
