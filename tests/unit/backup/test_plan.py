"""What is done about a group's snapshots: at most one at a time, retries that get rarer, and months at one go."""

from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import msgspec
import pytest
from hypothesis import given

from memcluster.config import Seconds
from memcluster.redis.backup.manifest import Kind, Manifest, State
from memcluster.redis.backup.plan import Delete, Fail, Take, View, decide, due_at
from memcluster.redis.backup.schedule import Schedule
from memcluster.redis.backup.settings import SnapshotSettings
from tests.unit.backup.snapshots import NOON, days, moments, snapshot, snapshots

DAILY = SnapshotSettings(schedule=Schedule.parse("daily 03:00"), retention_days=7)
TAKE = Take("g-scheduled-20260310-120000")


def test_the_first_is_taken_at_once() -> None:
    assert decide(View("g", ()), NOON, DAILY) == [TAKE]


def test_nothing_without_a_schedule_or_without_retention() -> None:
    assert decide(View("g", ()), NOON, SnapshotSettings()) == []
    assert decide(View("g", ()), NOON, msgspec.structs.replace(DAILY, retention_days=0)) == []


def test_not_while_another_is_taken_whoever_takes_it() -> None:
    for kind in Kind:
        running = snapshot("other", NOON - timedelta(seconds=10), kind, State.CREATING)
        assert decide(View("g", (running,)), NOON, DAILY) == []


def test_what_its_taker_left_is_failed_and_the_next_one_tried_later() -> None:
    left = snapshot("left", NOON - timedelta(seconds=61), state=State.CREATING)
    (action,) = decide(View("g", (left,)), NOON, DAILY)
    assert isinstance(action, Fail)
    assert action.name == "left"
    assert "gone" in action.why
    assert Take("g-scheduled-20260310-121000") in decide(View("g", (left,)), NOON + timedelta(minutes=10), DAILY)


def test_retries_get_rarer() -> None:
    waits, failed, now = [], [], NOON
    for number in range(12):
        failed.append(snapshot(f"f{number}", now, state=State.FAILED))
        due = due_at(View("g", tuple(failed)), now, DAILY)
        assert due is not None
        waits.append(round((due - now).total_seconds() / 600))
        now = due
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 256, 256, 256]


def test_old_ones_are_deleted_with_a_reason() -> None:
    kept = (snapshot("old", NOON - days(8)), snapshot("new", NOON - timedelta(hours=9)))
    assert decide(View("g", kept), NOON, DAILY) == [Delete("old", "kept for 7 days")]


@given(snapshots(), moments)
def test_what_holds_always(kept: tuple[Manifest, ...], now: datetime) -> None:
    actions = decide(View("g", kept), now, DAILY)
    takes = [action for action in actions if isinstance(action, Take)]
    assert len(takes) <= 1
    by_name = {each.name: each for each in kept}
    running = [each for each in kept if each.state is State.CREATING and now <= each.deadline]
    assert not (takes and running)
    for action in actions:
        if isinstance(action, Delete):
            assert by_name[action.name].kind is Kind.SCHEDULED
            assert by_name[action.name] not in running
        if isinstance(action, Fail):
            assert by_name[action.name].state is State.CREATING
            assert by_name[action.name] not in running


@pytest.mark.parametrize("count", [0, 3])
@pytest.mark.parametrize("keep_days", [1, 7])
@pytest.mark.parametrize("schedule", ["every 6h", "daily 03:00", "daily 03:00-05:00"])
def test_months_pass(schedule: str, keep_days: int, count: int) -> None:
    """The actions done again and again, some takings failing: never too few, never too many, never too old."""
    settings = msgspec.structs.replace(
        DAILY, schedule=Schedule.parse(schedule), retention_days=keep_days, retention_count=count
    )
    random, now, kept, taken = Random(keep_days), NOON, dict[str, Manifest](), list[datetime]()
    while now < NOON + days(60):
        actions = decide(View("g", tuple(kept.values())), now, settings)
        for action in actions:
            if isinstance(action, Delete):
                del kept[action.name]
        complete = [each for each in kept.values() if each.is_complete]
        assert not count or len(complete) <= count
        assert all(each.created >= now - days(keep_days) for each in complete[:-1])
        if isinstance(actions[-1] if actions else None, Take):
            is_well = random.random() < 0.8
            name = actions[-1].name
            kept[name] = snapshot(name, now, state=State.COMPLETE if is_well else State.FAILED)
            taken += [now] if is_well else []
        now += timedelta(minutes=20)
    apart = [later - earlier for earlier, later in pairwise(taken)]
    assert min(apart) >= (timedelta(hours=6) if "every" in schedule else timedelta(hours=15))
    assert max(apart) < days(4), "a failure does not stop the next ones"
    assert len(taken) >= (200 if "every" in schedule else 55)


def test_settings_are_read() -> None:
    from memcluster.config import parse

    class Document(msgspec.Struct):
        snapshots: SnapshotSettings

    text = '[snapshots]\nschedule = "daily 03:00-05:00"\nretention_days = 35\ntimeout = "5m"\n'
    found = parse(text, Document, "x.toml").snapshots
    assert str(found.schedule) == "daily 03:00-05:00"
    assert found.timeout == Seconds(300)
