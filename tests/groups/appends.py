"""Clients that append to lists and read them, and go on when their connection breaks: what was answered is recorded.

What broke off may have happened or not; it is counted, and the checkers ask for nothing of it.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Self

from memcluster.redis import resp
from tests.concurrency.history import Operation, Transaction
from tests.concurrency.serializable import APPEND, READ
from tests.connection import Address, Connection
from tests.groups.running import ask, receive, sentinel_master

LISTS = 6
PAUSE_SECONDS = 0.004
"""Between two transactions of a client: a history that can be checked in seconds."""
TIMEOUT_SECONDS = 8.0

Find = Callable[[], Address]


@dataclass
class Load:
    """Clients in threads, from entering to leaving the context. `finds`: how each finds its server."""

    name: str
    finds: list[Find]
    history: list[Transaction] = field(default_factory=list)
    tally: Counter[str] = field(default_factory=Counter)
    answered: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.is_over = threading.Event()
        self.faults: list[BaseException] = []
        self.threads = [
            threading.Thread(target=self.run, args=(number, find)) for number, find in enumerate(self.finds)
        ]

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join()
        if error is None and self.faults:
            raise self.faults[0]

    @property
    def keys(self) -> list[str]:
        return [f"{self.name}:{number}" for number in range(LISTS)]

    @property
    def acknowledged(self) -> set[tuple[str, str]]:
        """Key and value of each append that was answered."""
        return {
            (operation.key, operation.words[2])
            for transaction in list(self.history)
            for operation in transaction.operations
            if operation.name == APPEND
        }

    def run(self, number: int, find: Find) -> None:
        random = Random(f"{self.name}:{number}")
        serial = 0
        while not self.is_over.is_set():
            try:
                with Connection(find(), TIMEOUT_SECONDS) as connection:
                    while not self.is_over.is_set():
                        serial += 1
                        self.transact(connection, number, random, f"{number}.{serial}")
                        self.is_over.wait(PAUSE_SECONDS)
            except (OSError, TimeoutError):
                self.tally["broken"] += 1
                self.is_over.wait(PAUSE_SECONDS * 2)
            except BaseException as error:
                self.faults.append(error)
                raise

    def transact(self, connection: Connection, number: int, random: Random, value: str) -> None:
        keys = random.sample(self.keys, 2)
        append, look = (APPEND, keys[0], value), (READ, keys[1], "0", "-1")
        said = random.choice([[append], [(READ, keys[0], "0", "-1")], [append, look]])
        asked = time.monotonic_ns()
        if len(said) == 1:
            results = [ask(connection, *said[0])]
        else:
            connection.send(b"".join(resp.encode(*words) for words in [("MULTI",), *said, ("EXEC",)]))
            replies = [receive(connection) for _ in range(len(said) + 2)]
            refused = [reply for reply in replies if isinstance(reply, resp.Refusal)]
            results = refused or replies[-1]
        answered = time.monotonic_ns()
        refusals = [each for each in results if isinstance(each, resp.Refusal)]
        if refusals:
            self.tally[refusals[0].code] += 1
            return
        self.tally["answered"] += 1
        operations = tuple(
            Operation(number, words, plain(result), asked, answered)
            for words, result in zip(said, results, strict=True)
        )
        self.history.append(Transaction(number, operations, asked, answered))


def plain(result: resp.Reply) -> object:
    return [resp.text(each) for each in result] if isinstance(result, list) else result


def final(address: Address, keys: list[str]) -> dict[str, list[str]]:
    """What the lists hold in the end."""
    with Connection(address) as connection:
        found = {key: plain(ask(connection, "LRANGE", key, "0", "-1")) for key in keys}
    assert all(isinstance(values, list) for values in found.values()), found
    return found  # type: ignore[return-value]


def by_sentinel(address: Address) -> Find:
    """Clients that ask Sentinel where the primary is, and connect to it directly."""
    return lambda: sentinel_master(address)


def by_port(address: Address) -> Find:
    """Clients of the primary port."""
    return lambda: address
