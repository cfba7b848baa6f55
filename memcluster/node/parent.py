"""The process that started this one: it is told when we serve, and we end when it does.

Both are pipes that a supervisor hands down, named by environment variables, so that it works for any kind of child:

    MEMCLUSTER_LIFELINE_FD   we hold the reading end, the supervisor alone the writing one: readable means it is gone,
                             however it ended
    MEMCLUSTER_READY_FD      we write our addresses to it, as a JSON list, once we serve

Without them the process stands alone, and nothing here does anything.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LIFELINE_VARIABLE = "MEMCLUSTER_LIFELINE_FD"
READY_VARIABLE = "MEMCLUSTER_READY_FD"


def lifeline_fd() -> int | None:
    """A descriptor that becomes readable when the supervisor is gone."""
    return _descriptor(LIFELINE_VARIABLE)


def report_ready(addresses: Iterable[str]) -> None:
    """Tells the supervisor where we serve; the second call says nothing."""
    descriptor = _descriptor(READY_VARIABLE)
    if descriptor is None:
        return
    del os.environ[READY_VARIABLE]
    with os.fdopen(descriptor, "w", encoding="utf-8") as pipe:
        json.dump(list(addresses), pipe)


def _descriptor(variable: str) -> int | None:
    text = os.environ.get(variable, "")
    return int(text) if text.isdigit() else None
