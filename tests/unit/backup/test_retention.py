"""Which snapshots go: by age, by number, and never the last good one."""

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from memcluster.redis.backup.manifest import Kind, Manifest, State
from memcluster.redis.backup.retention import expired
from tests.unit.backup.snapshots import NOON, days, moments, snapshot, snapshots

COUNTS = st.integers(0, 5)
DAYS = st.integers(0, 35)


def names(found: list[Manifest]) -> list[str]:
    return [each.name for each in found]


def test_by_age() -> None:
    kept = [snapshot(f"s{age}", NOON - days(age)) for age in range(5)]
    assert names(expired(kept, 2, 0, NOON)) == ["s4", "s3"]
    assert expired(kept, 35, 0, NOON) == []


def test_by_number() -> None:
    kept = [snapshot(f"s{age}", NOON - days(age)) for age in range(5)]
    assert names(expired(kept, 35, 2, NOON)) == ["s4", "s3", "s2"]


def test_the_last_good_one_stays_however_old_it_is() -> None:
    old = [snapshot("older", NOON - days(60)), snapshot("old", NOON - days(50))]
    failed = [snapshot(f"f{age}", NOON - days(age), state=State.FAILED) for age in range(3)]
    assert names(expired([*old, *failed], 7, 0, NOON)) == ["older"]


def test_what_failed_goes_when_the_next_is_complete() -> None:
    failed = snapshot("failed", NOON - days(1), state=State.FAILED)
    assert names(expired([failed, snapshot("good", NOON)], 7, 0, NOON)) == ["failed"]
    assert expired([failed], 7, 0, NOON) == []


@given(snapshots(), DAYS, COUNTS, moments)
def test_what_holds_always(kept: tuple[Manifest, ...], keep_days: int, count: int, now: datetime) -> None:
    gone = expired(kept, keep_days, count, now)
    left = [each for each in kept if each not in gone]
    complete = [each for each in left if each.kind is Kind.SCHEDULED and each.is_complete]
    assert all(each.kind is Kind.SCHEDULED and each.state is not State.CREATING for each in gone)
    assert len(set(names(gone))) == len(gone)
    if keep_days == 0:
        assert gone == []
        return
    if any(each.kind is Kind.SCHEDULED and each.is_complete for each in kept):
        newest = max((e for e in kept if e.kind is Kind.SCHEDULED and e.is_complete), key=lambda each: each.created)
        assert newest in left
    if count:
        assert len(complete) <= count
    assert sum(each.created < now - days(keep_days) for each in complete) <= 1
    assert expired(left, keep_days, count, now) == [], "what is left is left the next time too"


@given(snapshots((Kind.SCHEDULED,)), st.integers(1, 35), moments)
def test_a_longer_time_keeps_no_less(kept: tuple[Manifest, ...], keep_days: int, now: datetime) -> None:
    shorter = set(names(expired(kept, keep_days, 0, now)))
    assert set(names(expired(kept, keep_days + 1, 0, now))) <= shorter
