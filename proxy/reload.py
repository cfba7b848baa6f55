"""Follows the settings file: when it changed, and when told to. A file that is wrong changes nothing, and that is said.

Knows no router: what a new document means is the caller's.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import trio

from memcluster.errors import ConfigError
from memcluster.proxy.pools import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from memcluster.proxy.pools import Document

log = logging.getLogger(__name__)

Stamp = tuple[int, int, int] | None


class Reload:
    """Watches one file and hands over each new document that is valid."""

    def __init__(self, path: Path, apply: Callable[[Document], None], interval: Callable[[], float]) -> None:
        self.path = path
        self._apply = apply
        self._interval = interval
        self._seen = stamp(path)

    async def run(self) -> None:
        """Follows the file until it is cancelled."""
        while True:
            await trio.sleep(self._interval() or float("inf"))
            self.look()

    def look(self) -> None:
        """Reads the file if it is another one than last time."""
        now = stamp(self.path)
        if now is not None and now != self._seen:
            self.read("changed")

    def read(self, why: str) -> None:
        """Reads the file and hands it over, or says what is wrong with it."""
        self._seen = stamp(self.path)
        try:
            self._apply(load(self.path))
        except (ConfigError, ValueError) as error:
            log.error("settings not reloaded, the old ones stay: %s", error)  # noqa: TRY400 (a person's mistake)
        else:
            log.info("settings reloaded: %s %s", self.path, why)


def stamp(path: Path) -> Stamp:
    """What differs when the file was written or replaced; None while it is not there (editors replace files)."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
