"""What connections did, with the times at which they asked and were answered; and the threads that do it.

        connection 1   |--INCR a--|      |----BLPOP q----|
        connection 2      |---MULTI .. EXEC---|
                        asked        answered

It knows how to ask and to record, and not what is right.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random

from tests.connection import Address, Connection
from tests.wire.redis_differential.case import encode
from tests.wire.redis_differential.replies import Reply, read

WAIT_SECONDS = 30.0


@dataclass(frozen=True)
class Operation:
    """One command, or one transaction as a list of commands with a list of results."""

    connection: int
    words: tuple[str, ...]
    result: object
    asked: int
    answered: int

    @property
    def name(self) -> str:
        return self.words[0]

    @property
    def key(self) -> str:
        return self.words[1]


@dataclass(frozen=True)
class Transaction:
    """Commands that are to happen as one, each with its result."""

    connection: int
    operations: tuple[Operation, ...]
    asked: int
    answered: int


class Caller:
    """A connection that asks and keeps a record."""

    def __init__(self, number: int, address: Address, seed: int) -> None:
        self.number = number
        self.random = Random(f"{seed}:{number}")
        self.connection = Connection(address, WAIT_SECONDS)
        self.operations: list[Operation] = []
        self.transactions: list[Transaction] = []
        self.serial = 0

    def unique(self) -> str:
        """A value that nobody else writes."""
        self.serial += 1
        return f"{self.number}.{self.serial}"

    def ask(self, *words: object) -> object:
        """One command, recorded."""
        said = tuple(map(str, words))
        asked = time.monotonic_ns()
        (result,) = self.exchange([said])
        self.operations.append(Operation(self.number, said, result, asked, time.monotonic_ns()))
        return result

    def transact(self, *commands: Sequence[object]) -> list[object] | None:
        """Commands between MULTI and EXEC, recorded unless somebody touched what is watched."""
        said = [tuple(map(str, words)) for words in commands]
        asked = time.monotonic_ns()
        results = self.exchange([("MULTI",), *said, ("EXEC",)])[-1]
        if isinstance(results, list):
            self.record(said, results, asked)
            return results
        assert results is None, results
        return None

    def script(self, text: str, commands: Sequence[Sequence[object]], *, declares: bool = True) -> None:
        """Commands in one run of a script that takes a key and a value for each, its keys declared as such or not."""
        said = [tuple(map(str, words)) for words in commands]
        keys = [words[1] for words in said]
        values = [words[2] if words[0] == "RPUSH" else "" for words in said]
        asked = time.monotonic_ns()
        count = len(keys) if declares else 0
        (results,) = self.exchange([("EVAL", text, str(count), *keys, *values)])
        assert isinstance(results, list), results
        self.record(said, results, asked)

    def alone(self, *words: object) -> object:
        """One command, recorded as a transaction of one."""
        said = tuple(map(str, words))
        asked = time.monotonic_ns()
        (result,) = self.exchange([said])
        self.record([said], [result], asked)
        return result

    def pretend_to_add(self, key: str, amount: int) -> None:
        """Another planted fault: recorded as INCRBY, and done by reading and writing."""
        asked = time.monotonic_ns()
        (before,) = self.exchange([("GET", key)])
        after = int(str(before or 0)) + amount
        self.exchange([("SET", key, str(after))])
        said = ("INCRBY", key, str(amount))
        self.operations.append(Operation(self.number, said, after, asked, time.monotonic_ns()))

    def pretend_to_transact(self, *commands: Sequence[object]) -> list[object]:
        """The planted fault: recorded as a transaction, and sent as single commands."""
        said = [tuple(map(str, words)) for words in commands]
        asked = time.monotonic_ns()
        results = [self.exchange([words])[0] for words in said]
        self.record(said, results, asked)
        return results

    def record(self, said: list[tuple[str, ...]], results: list[object], asked: int) -> None:
        """Keeps what was done as one."""
        answered = time.monotonic_ns()
        operations = tuple(
            Operation(self.number, words, result, asked, answered) for words, result in zip(said, results, strict=True)
        )
        self.transactions.append(Transaction(self.number, operations, asked, answered))

    def exchange(self, commands: Iterable[tuple[str, ...]]) -> list[object]:
        """Sends commands together and reads as many answers."""
        commands = list(commands)
        self.connection.send(b"".join(encode(word.encode() for word in words) for words in commands))
        return [plain(self.answer()) for _ in commands]

    def answer(self) -> Reply:
        """The next reply."""
        while True:
            try:
                reply, end = read(self.connection.received)
            except ValueError:
                if not self.connection.receive_more(WAIT_SECONDS):
                    raise AssertionError(f"connection {self.number} gets no answer") from None
                continue
            self.connection.received = self.connection.received[end:]
            return reply


def plain(reply: Reply) -> object:
    """A reply as Python has it; an error is a failure of the test."""
    sign, content = reply
    if sign == b"-":
        raise AssertionError(f"an error was answered: {content!r}")
    if isinstance(content, list):
        return [plain(each) for each in content]
    if content is None or sign == b"_":
        return None
    assert isinstance(content, bytes)
    return int(content) if sign == b":" else content.decode()


def run(address: Address, connections: int, seed: int, work: Callable[[Caller], None]) -> list[Caller]:
    """Lets so many connections work at once, each in a thread of its own, begun together."""
    callers = [Caller(number, address, seed) for number in range(connections)]
    begin = threading.Barrier(connections)

    def task(caller: Caller) -> None:
        begin.wait(WAIT_SECONDS)
        work(caller)

    try:
        with ThreadPoolExecutor(connections) as pool:
            list(pool.map(task, callers))
    finally:
        for caller in callers:
            caller.connection.close()
    return callers


def operations(callers: Iterable[Caller]) -> dict[str, list[Operation]]:
    """What was done to each key, in the order of asking."""
    by_key: dict[str, list[Operation]] = {}
    for operation in sorted((each for caller in callers for each in caller.operations), key=lambda each: each.asked):
        by_key.setdefault(operation.key, []).append(operation)
    return by_key


def transactions(callers: Iterable[Caller]) -> list[Transaction]:
    """All transactions, in the order of asking."""
    return sorted((each for caller in callers for each in caller.transactions), key=lambda each: each.asked)
