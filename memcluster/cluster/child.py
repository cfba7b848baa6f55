"""A child process: started with the supervisor's lifeline and a pipe to say that it serves. Decides nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Self

import trio

from memcluster.node.parent import LIFELINE_VARIABLE, READY_VARIABLE

READY_BYTES_MAX = 65536


@dataclass
class Lifeline:
    """A pipe whose writing end only we hold. Children watch the other: it ends when we do, however that is."""

    reading: int
    writing: int

    @classmethod
    def open(cls) -> Self:
        """Makes one."""
        return cls(*os.pipe2(os.O_CLOEXEC))

    def close(self) -> None:
        """Tells every child to end."""
        os.close(self.reading)
        os.close(self.writing)


@dataclass
class Child:
    """A process that runs `memcluster …`."""

    process: trio.Process
    _ready: trio.lowlevel.FdStream | None = field(repr=False)

    @classmethod
    async def start(cls, arguments: tuple[str, ...], lifeline: Lifeline, holds: tuple[int, ...] = ()) -> Self:
        """Starts `python -m memcluster ARGUMENTS`, in a process group of its own: Ctrl-C is for us alone.

        It holds these descriptors open for as long as it lives.
        """
        reading, writing = os.pipe2(os.O_CLOEXEC)
        # Settings were read once, by us: what the environment says must not be read again by a child.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MEMCLUSTER_")}
        environment |= {LIFELINE_VARIABLE: str(lifeline.reading), READY_VARIABLE: str(writing)}
        try:
            process = await trio.lowlevel.open_process(
                [sys.executable, "-m", "memcluster", *arguments],
                stdin=subprocess.DEVNULL,
                env=environment,
                pass_fds=(lifeline.reading, writing, *holds),
                process_group=0,
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        return cls(process, trio.lowlevel.FdStream(reading))

    async def wait_until_ready(self) -> list[str] | None:
        """The addresses it serves; None if it ended before it did."""
        assert self._ready is not None
        text = b""
        async with self._ready:
            async for part in self._ready:
                text += part
                if len(text) > READY_BYTES_MAX:
                    break
        self._ready = None
        return [str(address) for address in json.loads(text)] if text else None

    async def wait(self) -> int:
        """Its exit status; negative: the signal that ended it."""
        return await self.process.wait()

    def stop(self) -> None:
        """Asks it to end."""
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it."""
        self.process.send_signal(signal.SIGKILL)


def describe_end(status: int) -> str:
    """`exit status 1`, `signal SIGKILL`."""
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
