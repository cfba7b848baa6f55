"""Follows the settings file: when it changed, and when told to. A file that is wrong or gone changes nothing, and
that is said once.

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

STANDS_STILL_SECONDS = 0.2
"""A file that was the same for so long is read: editors empty, write and replace files, and half of one is another."""
LOOKS_MAX = 25
"""While somebody goes on to write; then it is read as it is."""


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
            await self._look()

    async def _look(self) -> None:
        """Reads the file if it is another one than last time, once nobody writes it any more."""
        now = stamp(self.path)
        for _ in range(LOOKS_MAX):
            before = now
            # Told to meanwhile, it may have been read already.
            if now == self._seen:
                return
            await trio.sleep(STANDS_STILL_SECONDS)
            now = stamp(self.path)
            if now == before != self._seen:
                break
        if now is None:
            self._seen = None
            log.warning("%s is gone: the settings that it had stay until it is there again", self.path)
        else:
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
