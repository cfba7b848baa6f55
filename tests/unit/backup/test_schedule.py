"""When a snapshot is due: exact cases, and what holds at any time of any schedule."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from memcluster.redis.backup.schedule import DAY, WINDOW_MIN, Schedule, next_at
from tests.unit.backup.snapshots import NOON, moments

clock = st.integers(0, 1439)
everies = st.integers(1, 35 * 1440).map(lambda minutes: Schedule.parse(f"every {minutes}m"))


def shown(minutes: int) -> str:
    return f"{minutes % 1440 // 60:02}:{minutes % 60:02}"


dailies = clock.map(lambda minutes: Schedule.parse(f"daily {shown(minutes)}"))
windows = st.tuples(clock, st.integers(5, 1435)).map(
    lambda pair: Schedule.parse(f"daily {shown(pair[0])}-{shown(pair[0] + pair[1])}")
)
schedules = st.one_of(everies, dailies, windows)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@given(st.one_of(schedules, st.just(Schedule())))
def test_what_is_shown_is_read_back(schedule: Schedule) -> None:
    assert Schedule.parse(str(schedule)) == schedule


@pytest.mark.parametrize(
    "text",
    [
        "hourly",
        "every 0m",
        "every 36d",
        "every 6",
        "daily 24:00",
        "daily 3:00",
        "daily 03:00-03:04",
        "daily 03:00-03:00",
    ],
)
def test_what_is_no_schedule(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|window"):
        Schedule.parse(text)


@pytest.mark.parametrize(
    ("schedule", "last", "now", "due"),
    [
        ("every 6h", None, "2026-03-10 12:00", "2026-03-10 12:00"),
        ("every 6h", "2026-03-10 10:00", "2026-03-10 12:00", "2026-03-10 16:00"),
        ("daily 03:00", None, "2026-03-10 12:00", "2026-03-10 03:00"),
        ("daily 03:00", "2026-03-10 03:00", "2026-03-10 12:00", "2026-03-11 03:00"),
        ("daily 03:00", "2026-03-09 23:00", "2026-03-10 12:00", "2026-03-10 03:00"),
        ("daily 03:00", "2026-03-09 23:00", "2026-03-10 02:59", "2026-03-10 03:00"),
        ("daily 03:00-05:00", None, "2026-03-10 12:00", "2026-03-11 03:00"),
        ("daily 03:00-05:00", None, "2026-03-10 04:59", "2026-03-10 03:00"),
        ("daily 23:30-00:30", None, "2026-03-10 00:10", "2026-03-09 23:30"),
        ("daily 23:30-00:30", "2026-03-09 23:31", "2026-03-10 00:10", "2026-03-10 23:30"),
    ],
)
def test_when(schedule: str, last: str | None, now: str, due: str) -> None:
    assert next_at(Schedule.parse(schedule), at(last) if last else None, at(now)) == at(due)


def test_never() -> None:
    assert next_at(Schedule.parse("never"), None, NOON) is None


@given(schedules, moments, st.timedeltas(timedelta(0), timedelta(days=40)))
def test_one_taken_now_is_followed_by_another_within_its_interval_and_not_at_once(
    schedule: Schedule, last: datetime, later: timedelta
) -> None:
    now = last + later
    due = next_at(schedule, last, now)
    assert due is not None
    assert due > last
    assert due <= max(last, now) + (schedule.every or DAY)


@given(schedules, moments)
def test_no_two_are_due_at_one_time(schedule: Schedule, now: datetime) -> None:
    due = next_at(schedule, None, now)
    assume(due is not None and due <= now)
    again = next_at(schedule, now, now)
    assert again is not None
    assert again > now


@given(windows, st.one_of(st.none(), moments), moments)
def test_a_window_is_kept(schedule: Schedule, last: datetime | None, now: datetime) -> None:
    """Whoever looks now, and takes one if it is due, does so inside the window."""
    due = next_at(schedule, last, now)
    assert due is not None
    assert schedule.at is not None
    assert schedule.window is not None
    assert schedule.window >= WINDOW_MIN
    assert due.time() == schedule.at
    if due <= now:
        assert now - due < schedule.window


@given(dailies, moments)
def test_a_daily_one_that_was_missed_is_made_up_for(schedule: Schedule, last: datetime) -> None:
    due = next_at(schedule, last, last + DAY)
    assert due is not None
    assert due <= last + DAY
