"""Clients that write to one server until it dies, each of which knows what was acknowledged and when; and what has
to be there afterwards."""

import hashlib
import random
import threading
import time
from dataclasses import dataclass, field

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

PIPELINE = 8
KEYS = 16
SOCKET_SECONDS = 10.0


def value(writer: int, number: int) -> bytes:
    """Says which write it is, and holds a checksum of itself: a torn one is told."""
    body = b"%d:%d:" % (writer, number) + b"x" * (number * 7 % 200)
    return body + b":" + hashlib.sha1(body, usedforsecurity=False).hexdigest().encode()


def number_of(stored: bytes | str, writer: int) -> int:
    """Which write a value is of; an AssertionError if it is none."""
    assert isinstance(stored, bytes)
    body, _, checksum = stored.rpartition(b":")
    assert hashlib.sha1(body, usedforsecurity=False).hexdigest().encode() == checksum, f"torn: {stored!r}"
    owner, number, _ = body.split(b":")
    assert int(owner) == writer
    return int(number)


@dataclass
class Writer:
    """Writes its numbers in order, over and over to the same keys, and two keys at a time in a transaction."""

    number: int
    port: int
    first: int = 0
    found: dict[int, int] = field(default_factory=dict)
    """What was there when it began: of each key, which write; of the transaction, under the key -1."""
    sent: int = -1
    acknowledged: list[tuple[float, int]] = field(default_factory=list)
    """When, and up to which number, `PIPELINE` of them each time."""
    refused: str = ""

    def run(self) -> None:
        # One that is told of the end asks nobody again.
        once = Retry(NoBackoff(), 0)
        client = redis.Redis("127.0.0.1", self.port, socket_timeout=SOCKET_SECONDS, retry=once)
        number = self.first
        try:
            while True:
                with client.pipeline(transaction=False) as pipeline:
                    for each in range(number, number + PIPELINE):
                        pipeline.set(f"{self.number}:{each % KEYS}", value(self.number, each))
                    pipeline.execute_command("MULTI")  # type: ignore[no-untyped-call]
                    pipeline.set(f"{self.number}:one", value(self.number, number + PIPELINE - 1))
                    pipeline.set(f"{self.number}:other", value(self.number, number + PIPELINE - 1))
                    pipeline.execute_command("EXEC")  # type: ignore[no-untyped-call]
                    self.sent = number + PIPELINE - 1
                    pipeline.execute()
                number += PIPELINE
                self.acknowledged.append((time.monotonic(), number - 1))
        except redis.ResponseError as error:
            self.refused = str(error)
        except (redis.ConnectionError, redis.TimeoutError, OSError):
            pass
        finally:
            client.close()

    def wanted(self, moment: float) -> dict[int, int]:
        """Which write of each key has to be there at least: what was there, and what was acknowledged until then."""
        wanted = dict(self.found)
        for _, last in [batch for batch in self.acknowledged if batch[0] <= moment]:
            wanted |= {number % KEYS: number for number in range(last - PIPELINE + 1, last + 1)}
            wanted[-1] = last
        return wanted


def check(writers: list[Writer], port: int, moment: float) -> None:
    """What was acknowledged before the moment is there, nothing is torn, and nothing is there that was not sent."""
    client = redis.Redis("127.0.0.1", port, socket_timeout=SOCKET_SECONDS)
    for writer in writers:
        one, other = client.mget(f"{writer.number}:one", f"{writer.number}:other")
        assert one == other, "a transaction is there as a whole or not at all"
        stored = {key: client.get(f"{writer.number}:{key}") for key in range(KEYS)}
        stored[-1] = one
        found = {key: number_of(value, writer.number) for key, value in stored.items() if value is not None}
        for key, number in writer.wanted(moment).items():
            assert key in found, f"{number} was acknowledged for key {key}, nothing is there"
            assert found[key] >= number, f"{number} was acknowledged for key {key}, {found[key]} is there"
        for key, number in found.items():
            assert number <= writer.sent, f"{number} was never sent"
            assert key in (-1, number % KEYS)
        writer.found = found
    client.close()


class Writers:
    """Some of them, each in a thread of its own; they go on where those before them were, once these were checked."""

    def __init__(self, port: int, count: int, before: list[Writer] | None = None) -> None:
        self.all = [Writer(number, port) for number in range(count)]
        for writer, former in zip(self.all, before or [], strict=False):
            writer.first, writer.sent, writer.found = former.sent + 1, former.sent, former.found
        self.threads = [threading.Thread(target=writer.run) for writer in self.all]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def join(self) -> None:
        for thread in self.threads:
            thread.join()

    def run_for(self, seconds: float) -> None:
        """Until then, or until one of them has nothing more to write to."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and all(thread.is_alive() for thread in self.threads):
            self.threads[0].join(min(0.05, max(deadline - time.monotonic(), 0)))


def chance(seed: int) -> random.Random:
    """What is random in a round, so that it can be played again."""
    return random.Random(seed)
