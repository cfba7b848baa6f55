"""When a snapshot is due by itself: pure functions of times, all UTC. Knows no clock.

never
every 6h             so long after the last one began
daily 03:00          at the first chance after that time of each day, however late
daily 03:00-05:00    the same, but never outside that window
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Self

EVERY_MIN = timedelta(minutes=1)
EVERY_MAX = timedelta(days=35)
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
DAY = timedelta(days=1)
WINDOW_MIN = timedelta(minutes=5)
"""A shorter one could pass between two looks, and a snapshot that failed would have no second chance in it."""


class Schedule:
    """An interval, or a time of day and how long after it one may still begin (None: until the next); or neither.

    No dataclass: msgspec would want a table of the settings file where this is one line of text.
    """

    def __init__(self, every: timedelta | None = None, at: time | None = None, window: timedelta | None = None) -> None:
        self.every, self.at, self.window = every, at, window

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schedule) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __repr__(self) -> str:
        return f"Schedule({str(self)!r})"

    @classmethod
    def parse(cls, text: str | float) -> Self:
        """Reads what stands at the head of this file."""
        words = " ".join(str(text).strip().lower().split())
        if words in ("never", ""):
            return cls()
        if match := re.fullmatch(r"every (\d{1,6}) ?([mhd])", words):
            every = timedelta(**{UNITS[match[2]]: int(match[1])})
            if EVERY_MIN <= every <= EVERY_MAX:
                return cls(every=every)
            raise ValueError(f"{text!r}: write an interval from 1m to 35d")
        if match := re.fullmatch(r"daily (\d\d:\d\d)(?: ?- ?(\d\d:\d\d))?", words):
            start = _time(match[1])
            return cls(at=start, window=_window(start, _time(match[2])) if match[2] else None)
        raise ValueError(f"{text!r} is no schedule: write never, every 6h, daily 03:00 or daily 03:00-05:00 (UTC)")

    @property
    def is_never(self) -> bool:
        """Whether none is ever due."""
        return self.every is None and self.at is None

    def __str__(self) -> str:
        if self.every is not None:
            minutes = int(self.every / EVERY_MIN)
            unit, size = next((u, s) for u, s in (("d", 1440), ("h", 60), ("m", 1)) if minutes % s == 0)
            return f"every {minutes // size}{unit}"
        if self.at is None:
            return "never"
        end = "" if self.window is None else f"-{(_on_a_day(self.at) + self.window):%H:%M}"
        return f"daily {self.at:%H:%M}{end}"


def next_at(schedule: Schedule, last: datetime | None, now: datetime) -> datetime | None:
    """When the next one is due, if the last one began then; not later than now: it is due. None: never.

    Without a last one it is due at the first chance: a group that keeps backups has one from its first day.
    """
    if schedule.every is not None:
        return now if last is None else last + schedule.every
    if schedule.at is None:
        return None
    start = _latest_start(schedule.at, now)
    was_served = last is not None and last >= start
    is_open = schedule.window is None or now < start + schedule.window
    return start if is_open and not was_served else start + DAY


def _latest_start(at: time, now: datetime) -> datetime:
    """The last time at or before now that a clock showed this time of day."""
    today = datetime.combine(now.astimezone(UTC).date(), at, UTC)
    return today if today <= now else today - DAY


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time of day: write 00:00 to 23:59") from None


def _window(start: time, end: time) -> timedelta:
    """How long from one time of day to the other, over midnight if need be."""
    length = (_on_a_day(end) - _on_a_day(start)) % DAY
    if length < WINDOW_MIN:
        raise ValueError(f"a window of {length}: let it be 5 minutes at least")
    return length


def _on_a_day(at: time) -> datetime:
    """Some day's time of day: times alone cannot be added to."""
    return datetime(2000, 1, 1, at.hour, at.minute, tzinfo=UTC)
