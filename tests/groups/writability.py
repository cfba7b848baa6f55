"""When a group took writes: a client that writes again and again, and how long the gaps between its successes were.

And who took them: a client of each node that asks before and after a write which epoch the node is primary of.
"""

import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Self

from memcluster.redis import resp
from tests.connection import Address, Connection
from tests.groups.running import ask

TRY_SECONDS = 2.0
"""How long one write may take before it is tried again on a new connection."""
STEP_SECONDS = 0.002


@dataclass
class Clock:
    """Writes through the primary port, each success with its time."""

    address: Address
    successes: list[float] = field(default_factory=list)
    errors: int = 0

    def __post_init__(self) -> None:
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        self.thread.join()

    def run(self) -> None:
        number = 0
        while not self.is_over.is_set():
            try:
                with Connection(self.address, TRY_SECONDS) as connection:
                    while not self.is_over.is_set():
                        number += 1
                        reply = ask(connection, "SET", "clock", number)
                        if isinstance(reply, resp.Refusal):
                            self.errors += 1
                            break
                        self.successes.append(time.monotonic())
                        self.is_over.wait(STEP_SECONDS)
            except (OSError, TimeoutError):
                self.errors += 1
            self.is_over.wait(STEP_SECONDS)

    def gap_seconds(self, since: float) -> float:
        """The longest time without a write, of those that ended after this moment."""
        gaps = [after - before for before, after in pairwise(list(self.successes)) if after >= since]
        return max(gaps, default=0.0)

    def has_written_since(self, moment: float) -> bool:
        """Whether a write was taken after this moment."""
        return bool(self.successes) and self.successes[-1] > moment


@dataclass
class Witness:
    """Writes to each node by itself; `takers`: who took a write in which epoch."""

    addresses: dict[str, Address]
    takers: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    writes: int = 0

    def __post_init__(self) -> None:
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=each) for each in self.addresses.items()]

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def run(self, name: str, address: Address) -> None:
        while not self.is_over.is_set():
            try:
                with Connection(address, TRY_SECONDS) as connection:
                    while not self.is_over.is_set():
                        self.try_once(name, connection)
                        self.is_over.wait(STEP_SECONDS * 5)
            except (OSError, TimeoutError):
                self.is_over.wait(STEP_SECONDS * 5)

    def try_once(self, name: str, connection: Connection) -> None:
        before = epoch_of(connection)
        reply = ask(connection, "SET", f"witness:{name}", "x")
        if before is None or isinstance(reply, resp.Refusal):
            return
        if epoch_of(connection) == before:
            self.writes += 1
            self.takers[before].add(name)


def epoch_of(connection: Connection) -> int | None:
    """Which epoch a node is primary of."""
    status = resp.mapping(ask(connection, "MEMC.STATUS"))
    return int(status["epoch"]) if resp.text(status["role"]) == "primary" else None
