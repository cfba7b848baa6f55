"""Members of a group as processes, told what to do by hand, and writers that remember what was acknowledged."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import redis

from tests.servers import Server, start_redis_mode, wait_for

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_SECONDS = 20.0
LEASE_MS = 60_000


class Member:
    """A node of a group, with a connection for orders."""

    def __init__(self, name: str, directory: Path, *options: str) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.server: Server = start_redis_mode("--memc-name", name, "--dir", str(directory), "--threads", "2", *options)
        self.orders = self.client()

    def client(self) -> redis.Redis:
        """A connection of its own: one that ends is not made again."""
        return redis.Redis(
            *self.server.address, protocol=3, socket_timeout=PATIENCE_SECONDS, single_connection_client=True
        )

    def order(self, *words: object) -> Any:
        return self.orders.execute_command(*(str(word) for word in words))

    @property
    def status(self) -> dict[str, Any]:
        return {key.decode(): text(value) for key, value in self.order("MEMC.STATUS").items()}

    def durability(self) -> dict[str, Any]:
        """INFO durability; asked over the connection of orders, which is never held."""
        answer: dict[str, Any] = self.order("INFO", "durability")
        return answer

    def promote(self, epoch: int, mode: str, *in_sync: str, lease_ms: int = LEASE_MS) -> None:
        self.order("MEMC.PROMOTE", epoch, self.status["clock_ms"] + lease_ms)
        self.order("MEMC.INSYNC", epoch, 1, mode, *in_sync)

    def follow(self, epoch: int, primary: Member) -> None:
        self.order("MEMC.FOLLOW", epoch, *primary.server.address)

    def wait_until_in_sync(self, primary: Member) -> None:
        """It follows, and its primary knows that it has all that there was when this was asked."""
        wanted = primary.status["offset"]

        def has_all() -> bool:
            replicas = {text(one[b"name"]): one for one in primary.status["replicas"]}
            return self.name in replicas and replicas[self.name][b"offset"] >= wanted

        wait_for(has_all, f"{self.name} to follow {primary.name}", PATIENCE_SECONDS)

    def stop(self) -> None:
        self.orders.close()
        self.server.stop()


def text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


@dataclass
class Write:
    """One that was acknowledged: asked for and answered when, by the clock of this process; done in between."""

    value: int
    asked: float
    answered: float


@dataclass
class Writers:
    """Threads that write ever higher numbers to keys of their own, so many in a pipeline, until their primary ends."""

    member: Member
    count: int = 3
    depths: tuple[int, ...] = (1, 4, 16)
    acknowledged: dict[str, Write] = field(default_factory=dict)
    all: list[tuple[str, Write]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unknown: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self.threads = [threading.Thread(target=self._run, args=(number,)) for number in range(self.count)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def wait_for(self, count: int) -> None:
        wanted = len(self.all) + count
        wait_for(lambda: len(self.all) >= wanted, f"{count} more acknowledged writes", PATIENCE_SECONDS)

    def _run(self, number: int) -> None:
        value, depth = 0, self.depths[number % len(self.depths)]
        try:
            client = self.member.client()
            while not self.is_over.is_set():
                pipeline = client.pipeline(transaction=False)
                keys = [f"{number}:{place}" for place in range(depth)]
                value += 1
                for key in keys:
                    pipeline.set(key, value)
                asked = time.monotonic()
                answers = pipeline.execute(raise_on_error=False)
                write = Write(value, asked, time.monotonic())
                for key, answer in zip(keys, answers, strict=True):
                    self._note(key, write, answer)
        except (redis.ConnectionError, redis.TimeoutError):
            return

    def _note(self, key: str, write: Write, answer: object) -> None:
        if answer is True:
            self.acknowledged[key] = write
            self.all.append((key, write))
        elif "UNKNOWN" in str(answer):
            self.unknown += 1
        else:
            self.refused.append(str(answer))


def missing(member: Member, acknowledged: dict[str, Write]) -> dict[str, tuple[int, Write]]:
    """Of the acknowledged writes those that a member does not hold: what it has, and what it should have."""
    keys = list(acknowledged)
    client = member.client()
    # What is there is asked, not what is confirmed.
    client.execute_command("CLIENT", "DURABILITY", "async")
    held = [int(value or 0) for value in client.mget(keys)] if keys else []
    return {key: (has, acknowledged[key]) for key, has in zip(keys, held, strict=True) if has < acknowledged[key].value}
