"""What a Redis-mode node says while it runs, as redis-server does: of its disk, and of its link to its primary.

    INFO ──> each row's state ──another than was said──> the row's line for it

Knows the names of INFO, and neither process nor engine.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Info = Mapping[str, str]
    Line = tuple[int, str]

LOOK_SECONDS = 1.0
"""Between two looks: what comes and goes between them is not said."""
LINES_MAX, LINES_SECONDS = 10, 60.0
"""So many lines of one thing in so much time at most: what goes to and fro faster is said as it stands afterwards."""
SECTIONS = ("persistence", "replication")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Watched:
    """Something that is watched."""

    name: str
    state: Callable[[Info], str]
    """A word, and after a space whom it is about."""
    well: tuple[str, ...]
    """The words that end a trouble; the first is how it is before anything was seen."""
    lines: Mapping[str, Line]
    """By the word: the level, and what is said; in it `{dir}`, `{whom}`, and `{why}`, what the link last ended of."""
    is_of_groups: bool = True
    """Whether a group's node says it too. Who follows whom there its supervisor says."""


def _link(info: Info) -> str:
    if "master_host" not in info:
        return "none"
    word = "up" if info["master_link_status"] == "up" else "down" if info["master_link_error"] else "connecting"
    if info["master_sync_in_progress"] == "1":
        word = "syncing"
    return f"{word} {info['master_host']}:{info['master_port']}"


BAD, GOOD = logging.WARNING, logging.INFO
ROWS = (
    Watched(
        "log",
        lambda info: info["aof_last_write_status"],
        well=("ok",),
        lines={
            "err": (BAD, "the append-only log cannot be written, writes are refused (MISCONF): see the disk of {dir}"),
            "ok": (GOOD, "the append-only log refuses no writes any more"),
        },
    ),
    Watched(
        "rewrite",
        lambda info: info["aof_last_bgrewrite_status"],
        well=("ok",),
        lines={
            "err": (BAD, "the append-only log was not rewritten, the one there is goes on: see the disk of {dir}"),
            "ok": (GOOD, "the append-only log is rewritten again"),
        },
    ),
    Watched(
        "save",
        lambda info: info["rdb_last_bgsave_status"],
        well=("ok",),
        lines={
            "err": (BAD, "the data was not saved, with save points writes are refused: see the disk of {dir}"),
            "ok": (GOOD, "the data is saved again"),
        },
    ),
    Watched(
        "link",
        _link,
        well=("none", "up"),
        lines={
            "none": (GOOD, "no primary is followed any more"),
            "connecting": (GOOD, "the primary {whom} is asked for its data"),
            "syncing": (GOOD, "full synchronisation: all data comes from the primary {whom}"),
            "up": (GOOD, "the link to the primary {whom} is up"),
            "down": (BAD, "the link to the primary {whom} is down, it is tried again: {why}"),
        },
        is_of_groups=False,
    ),
)


class Watch:
    """Looks, and says what has changed."""

    def __init__(
        self,
        info: Callable[[str], Info],
        rows: Sequence[Watched] = ROWS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._info = info
        self._now = now
        self._said = [_Said(row, row.well[0]) for row in rows]

    def look(self) -> None:
        """Says what is another than when it was said last."""
        info = {name: value for section in SECTIONS for name, value in self._info(section).items()}
        for said in self._said:
            said.say(info, self._now())


@dataclass
class _Said:
    """What was said of one row."""

    row: Watched
    state: str
    is_bad: bool = False
    times: deque[float] = field(default_factory=lambda: deque(maxlen=LINES_MAX))

    def say(self, info: Info, now: float) -> None:
        """A line if it is another state, unless there were too many."""
        state = self.row.state(info)
        if state == self.state or (len(self.times) == LINES_MAX and now - self.times[0] < LINES_SECONDS):
            return
        self.state = state
        self.times.append(now)
        word, _, whom = state.partition(" ")
        level, text = self.row.lines[word]
        is_end = self.is_bad and word in self.row.well
        self.is_bad = level == BAD or (self.is_bad and not is_end)
        why = info.get("master_link_error", "").removeprefix(f"{whom}: ")
        # Whoever was told of a trouble is told of its end.
        log.log(BAD if is_end else level, "%s", text.format(dir=_directory(), whom=whom, why=why))


def _directory() -> str:
    """Where the data is written, which may have changed, or be gone."""
    try:
        return str(Path.cwd())
    except FileNotFoundError:
        return "its directory, which has been deleted"
