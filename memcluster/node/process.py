"""The process around a node. It waits; the engine's threads do the work.

    (fork) -> bind sockets -> pid file -> give up root -> serve -> tell who started us -> wait for an end -> drain

The ends: SIGTERM, SIGINT, SIGUSR1, a client's `shutdown`, a failure of the engine, the supervisor gone.
"""

from __future__ import annotations

import logging
import os
import select
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

from memcluster.errors import NodeError
from memcluster.node import daemon, parent
from memcluster.node.embedded import STOP_TIMEOUT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from memcluster.node.settings import ProcessSettings

ORPHAN_TIMEOUT_SECONDS = 0.5
"""What begun requests get when the supervisor is gone: nobody waits for us to end well."""
END_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)

log = logging.getLogger(__name__)


class Served(Protocol):
    """What the process serves: a node of either kind."""

    @property
    def addresses(self) -> list[str]:
        """Where it listens."""

    @property
    def failure(self) -> str | None:
        """Why it ended by itself, if it did."""

    def start(self) -> None:
        """Begins to serve."""

    def stop(self, timeout_seconds: float) -> None:
        """Ends it."""

    def stopped_fd(self) -> int:
        """Becomes readable when it ended by itself."""


S = TypeVar("S", bound=Served)


def serve(
    make: Callable[[], S],
    process: ProcessSettings,
    *,
    connections_max: int,
    keep_output: bool = False,
    watch: Callable[[S], Callable[[], None]] | None = None,
    look_seconds: float = 1.0,
) -> None:
    """Runs what `make` makes until something ends it; NodeError if it could not start or failed.

    What `watch` makes of it is called every `look_seconds` while it serves.
    """
    background = daemon.fork() if process.daemon else None
    daemon.allow_descriptors(connections_max)
    if process.core_dumps:
        daemon.allow_core_dumps()
    with woken_by_signals() as wakeup:
        node = make()
        with daemon.pid_file(process.pidfile):
            daemon.give_up_root(process.user)
            if process.lock_memory:
                daemon.lock_memory()
            node.start()
            log.info("listening on %s", ", ".join(node.addresses))
            if background is not None:
                daemon.leave_terminal(background, keep_output=keep_output)
            parent.report_ready(node.addresses)
            timeout_seconds = wait_for_end(wakeup, node, watch(node) if watch else None, look_seconds)
            failure = node.failure
            node.stop(timeout_seconds)
    if failure:
        raise NodeError(f"the node ended by itself: {failure}")


def wait_for_end(wakeup: int, node: Served, look: Callable[[], None] | None, look_seconds: float) -> float:
    """Blocks until the node is to end; how long what is begun may take then."""
    stopped = node.stopped_fd()
    poll = select.poll()
    for descriptor in (wakeup, stopped, parent.lifeline_fd()):
        if descriptor is not None:
            poll.register(descriptor, select.POLLIN)
    timeout_ms = look_seconds * 1000 if look else None
    while not (ready := {descriptor for descriptor, _ in poll.poll(timeout_ms)}):
        if look:
            look()
    if wakeup in ready:
        log.info("stopping: %s", signal.Signals(os.read(wakeup, 1)[0]).name)
    elif stopped in ready:
        log.info("stopping: %s", node.failure or "a client asked for it")
    else:
        log.warning("stopping: the process that started this one is gone")
        return ORPHAN_TIMEOUT_SECONDS
    return STOP_TIMEOUT_SECONDS


@contextmanager
def woken_by_signals() -> Iterator[int]:
    """A descriptor that becomes readable with each signal that ends the process; SIGHUP is ignored."""
    reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    before = {number: signal.signal(number, _note) for number in END_SIGNALS}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.set_wakeup_fd(writing)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(-1)
        for number, action in before.items():
            signal.signal(number, action)
        os.close(reading)
        os.close(writing)


def _note(number: int, frame: object) -> None:
    """The byte in the wake-up pipe is all that is wanted."""
