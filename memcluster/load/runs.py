"""A run of the generator in a thread, watched from this one. Knows nothing of terminals."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from memcluster import _native
from memcluster.errors import MemclusterError

if TYPE_CHECKING:
    from collections.abc import Callable

LOOK_SECONDS = 0.1
# Answers that should not be: each of them makes a run a failure.
FAULTS = ("errors", "wrong", "stray", "unanswered", "connections_lost")


@dataclass(frozen=True)
class Moment:
    """What a run had done after so many seconds."""

    seconds: float
    requests: int
    faults: int
    keys: int
    hits: int


def run(settings: dict[str, Any], watch: Callable[[Moment], None] = lambda _: None) -> dict[str, Any]:
    """Runs to the end, calling `watch` ten times a second; an interrupt ends the run early, and it is still reported.

    The report is that of native/load/src/report.rs, with `moments` and `is_interrupted`.
    """
    progress = _native.LoadProgress()
    found: list[str | Exception] = []
    # An event, because Thread.join takes an interrupted wait for the thread's end.
    is_done = threading.Event()

    def body() -> None:
        try:
            found.append(_native.load_run(json.dumps(settings), progress))
        except (OSError, ValueError) as error:
            found.append(error)
        finally:
            is_done.set()

    began = time.monotonic()
    moments: list[Moment] = []
    is_interrupted = False
    threading.Thread(target=body, name="load", daemon=True).start()
    while not is_done.is_set():
        try:
            is_done.wait(LOOK_SECONDS)
            moments.append(Moment(time.monotonic() - began, *progress.counters()))
            watch(moments[-1])
        except KeyboardInterrupt:
            if is_interrupted:
                raise
            is_interrupted = True
            progress.stop()
    result = found[0]
    if isinstance(result, Exception):
        raise MemclusterError(str(result)) from None
    report: dict[str, Any] = json.loads(result)
    return {**report, "moments": moments, "is_interrupted": is_interrupted}


def faults(report: dict[str, Any]) -> dict[str, int]:
    """What went wrong, if anything."""
    return {name: report[name] for name in FAULTS if report[name]}


def hit_ratio(report: dict[str, Any]) -> float | None:
    """Of the keys asked for."""
    return report["hits"] / report["keys"] if report["keys"] else None
