"""Clients that write to one server until it dies, each of which knows what was acknowledged and when; and what has
to be there afterwards."""

import hashlib
import random
import threading
import time
from dataclasses import dataclass, field

import redis

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
    first: int
    sent: int = 0
    acknowledged: list[tuple[float, int]] = field(default_factory=list)
    """When, and up to which number."""
    refused: str = ""

    def run(self) -> None:
        client = redis.Redis("127.0.0.1", self.port, socket_timeout=SOCKET_SECONDS)
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

    def acknowledged_before(self, moment: float) -> int:
        """The last number that was acknowledged then."""
        return max((number for at, number in self.acknowledged if at <= moment), default=self.first - 1)


def check(writers: list[Writer], port: int, moment: float) -> None:
    """What was acknowledged before the moment is there, nothing is torn, and nothing is there that was not sent."""
    client = redis.Redis("127.0.0.1", port, socket_timeout=SOCKET_SECONDS)
    for writer in writers:
        least = writer.acknowledged_before(moment)
        one, other = client.mget(f"{writer.number}:one", f"{writer.number}:other")
        assert one == other, "a transaction is there as a whole or not at all"
        last = number_of(one, writer.number) if one else writer.first - 1
        assert least <= last <= max(writer.sent, least), f"{least} was acknowledged, {last} is there"
        for key in range(KEYS):
            wanted = [number for number in range(max(0, least - KEYS + 1), least + 1) if number % KEYS == key]
            stored = client.get(f"{writer.number}:{key}")
            if stored is None:
                assert not wanted, f"{wanted} was acknowledged"
                continue
            found = number_of(stored, writer.number)
            assert found % KEYS == key
            assert not wanted or found >= wanted[0], f"{wanted[0]} was acknowledged, {found} is there"
            assert found <= writer.sent
    client.close()


class Writers:
    """Some of them, each in a thread of its own."""

    def __init__(self, port: int, count: int, first: int) -> None:
        self.all = [Writer(number, port, first, sent=first - 1) for number in range(count)]
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

    @property
    def last(self) -> int:
        return max(writer.sent for writer in self.all)


def chance(seed: int) -> random.Random:
    """What is random in a round, so that it can be played again."""
    return random.Random(seed)
