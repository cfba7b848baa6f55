"""Server processes: started on chosen processors, awaited, read from the kernel's accounts, ended."""

import contextlib
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

# Where `python -m bench.…` finds itself.
ROOT = Path(__file__).parent.parent
# A gigabyte is loaded in a part of it.
START_TIMEOUT_SECONDS = 120.0
STOP_TIMEOUT_SECONDS = 10.0
# Redis understands the first one, too; a proxy before it does not.
REQUESTS = (b"get bench\r\n", b"*2\r\n$3\r\nGET\r\n$5\r\nbench\r\n")


class ServerError(Exception):
    """A server that did not start, with what it said."""


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def allow_many_sockets() -> None:
    """As many open files as this user may have, for this process and those it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextlib.contextmanager
def pinned(processors: set[int]) -> Iterator[None]:
    """Processes begun in this block run only on these processors."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors & before or before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Process:
    """One running server. A context manager: ended at the end of the block."""

    def __init__(self, command: Sequence[str], port: int, processors: set[int], folder: Path | None = None) -> None:
        self.port = port
        self._command = list(command)
        began = time.monotonic()
        with pinned(processors):
            self._child = subprocess.Popen(
                self._command,
                cwd=folder or ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
        try:
            self._wait_for_answer()
        except BaseException:
            self.stop()
            raise
        self.start_seconds = time.monotonic() - began

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"127.0.0.1:{self.port}"

    @property
    def cpu_ns(self) -> int:
        """Time on a processor of all its threads so far."""
        stats = Path(f"/proc/{self._child.pid}/task").glob("*/schedstat")
        return sum(int(stat.read_text().split()[0]) for stat in stats)

    @property
    def resident_bytes(self) -> int:
        """Its resident memory now."""
        for line in Path(f"/proc/{self._child.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise ServerError(f"{self._command[0]} has ended")

    def signal(self, number: signal.Signals) -> None:
        """Tells it something."""
        self._child.send_signal(number)

    def stop(self) -> None:
        """Ends it, by force after a while."""
        self._child.send_signal(signal.SIGTERM)
        try:
            self._child.communicate(timeout=STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait_for_answer(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not answers(self.port):
            if self._child.poll() is not None or time.monotonic() > deadline:
                self._child.kill()
                said = self._child.communicate()[1].decode(errors="replace")[-2000:]
                raise ServerError(f"{' '.join(self._command)}\ndoes not answer on port {self.port}: {said}")
            time.sleep(0.002)


def answers(port: int) -> bool:
    """Whether a request to this port is answered, with a miss or a hit."""
    return any(_answers(port, request) for request in REQUESTS)


def _answers(port: int, request: bytes) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(request)
            return connection.recv(16).startswith((b"END", b"VALUE", b"$"))
    except OSError:
        return False


def wait_until(condition: Callable[[], bool], what: str, seconds: float) -> None:
    """Polls until the condition holds; ServerError names what never happened."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise ServerError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(0.005)
