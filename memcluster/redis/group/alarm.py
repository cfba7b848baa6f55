"""Time as a group's loop has it, and the bell that wakes it before its time."""

from __future__ import annotations

import time

import trio


class Clock:
    """The `Alarm` of a loop that runs for real."""

    def __init__(self) -> None:
        self._bell = trio.Event()

    def now(self) -> float:
        """Seconds since the machine started, its sleep included: a lease runs out while it sleeps, too."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def wall(self) -> float:
        """Unix time."""
        return time.time()

    def ring(self) -> None:
        """Something has happened: who waits goes on at once, or the next who would wait."""
        self._bell.set()

    async def wait(self, until: float) -> None:
        """Returns at this time, or when it rings."""
        with trio.move_on_after(max(0.0, until - self.now())):
            await self._bell.wait()
        self._bell = trio.Event()
        await trio.lowlevel.checkpoint()
