"""Clients of a group live through the end of its primary and through a switchover: errors are few, and counted."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from redis import Redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.exceptions import ConnectionError as Broken
from redis.exceptions import ReadOnlyError, RedisError
from redis.retry import Retry
from redis.sentinel import Sentinel

from tests.groups.running import Group, running_group
from tests.servers import wait_for

WITHOUT_RETRIES: dict[str, Any] = {"retry": Retry(NoBackoff(), 0), "socket_timeout": 5.0}
WRITES = 100
"""Acknowledged ones, before and after what happens."""
SECONDS_MAX = 30.0
UNAVAILABLE_SECONDS_MAX = 3.0
ROUNDS_MAX = 3

Happening = Callable[[Group], None]


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    with running_group(tmp_path_factory.mktemp("clients"), durability="sync:1") as group:
        yield group


def kill(group: Group) -> None:
    group.process(group.primary()).kill()


def switch_over(group: Group) -> None:
    said = group.up.run("switchover")
    assert said.returncode == 0, said.stderr


happenings = pytest.mark.parametrize("happening", [kill, switch_over])


class Tally:
    """What a client's writes came to."""

    def __init__(self) -> None:
        self.acknowledged: list[str] = []
        self.errors: list[RedisError] = []
        self.failing_since: float | None = None
        self.unavailable_seconds = 0.0

    def write(self, client: Redis, key: str, count: int) -> None:
        """Appends until so many more are acknowledged; an error is counted, and the next value tried."""
        wanted, deadline = len(self.acknowledged) + count, time.monotonic() + SECONDS_MAX
        number = len(self.acknowledged) + len(self.errors)
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < deadline, f"no more writes are taken: {self.errors[-3:]}"
            number += 1
            try:
                client.rpush(key, str(number))
            except (Broken, redis.TimeoutError, ReadOnlyError, redis.ResponseError) as error:
                self.errors.append(error)
                self.failing_since = self.failing_since or time.monotonic()
            else:
                self.acknowledged.append(str(number))
                if self.failing_since is not None:
                    self.unavailable_seconds += time.monotonic() - self.failing_since
                    self.failing_since = None


def live_through(group: Group, client: Redis, key: str, happening: Happening) -> Tally:
    """Writes, lets it happen, and writes on; everything acknowledged is there, in its order."""
    tally = Tally()
    tally.write(client, key, WRITES)
    before = group.status()["epoch"]
    happening(group)
    tally.write(client, key, WRITES)
    wait_for(lambda: group.status()["epoch"] > before, "the next epoch")
    tally.write(client, key, WRITES)
    with Redis(port=group.ports["port"], decode_responses=True) as reader:
        held: list[str] = reader.lrange(key, 0, -1)
    assert [value for value in held if value in set(tally.acknowledged)] == tally.acknowledged
    group.wait_until_whole()
    return tally


def live_well_through(play: Callable[[int], Tally], errors_max: int | None = None) -> None:
    """With no more errors than that, and soon again; `play(number)` plays it, once more if the machine had no time."""
    found = []
    for number in range(ROUNDS_MAX):
        tally = play(number)
        found.append((tally.unavailable_seconds, tally.errors))
        is_soon = tally.unavailable_seconds <= UNAVAILABLE_SECONDS_MAX
        if is_soon and (errors_max is None or len(tally.errors) <= errors_max):
            return
    raise AssertionError(f"seconds without a write, and errors: {found}")


@happenings
def test_a_plain_client_on_the_primary_port(group: Group, happening: Happening) -> None:
    def play(number: int) -> Tally:
        with Redis(port=group.ports["port"], **WITHOUT_RETRIES) as client:
            return live_through(group, client, f"plain:{happening.__name__}:{number}", happening)

    # One for the connection that is cut; a second for one that is made at the very moment.
    live_well_through(play, errors_max=2)


@happenings
def test_a_client_that_asks_sentinel(group: Group, happening: Happening) -> None:
    finder = Sentinel([("127.0.0.1", group.ports["sentinel_port"])], socket_timeout=5.0)
    with finder.master_for("orders", **WITHOUT_RETRIES) as client, finder.sentinels[0]:
        live_well_through(
            lambda number: live_through(group, client, f"sentinel:{happening.__name__}:{number}", happening)
        )


@happenings
@pytest.mark.parametrize("way", ["port", "sentinel"])
def test_a_client_that_retries_notices_nothing(group: Group, happening: Happening, way: str) -> None:
    """What broke off is sent again, so that a value may be there twice: as redis-py does, told so behind Sentinel."""
    finder = Sentinel([("127.0.0.1", group.ports["sentinel_port"])], socket_timeout=5.0)
    patient = Retry(ExponentialBackoff(cap=0.5, base=0.01), 10)
    client = Redis(port=group.ports["port"]) if way == "port" else finder.master_for("orders", retry=patient)
    with client, finder.sentinels[0]:
        key = f"retry:{way}:{happening.__name__}"
        live_well_through(lambda number: live_through(group, client, f"{key}:{number}", happening), errors_max=1)


def test_readers_find_replicas(group: Group) -> None:
    finder = Sentinel([("127.0.0.1", group.ports["sentinel_port"])], socket_timeout=5.0)
    with (
        Redis(port=group.ports["port"]) as writer,
        Redis(port=group.ports["reader_port"]) as reader,
        finder.slave_for("orders") as other,
        finder.sentinels[0],
    ):
        assert writer.set("read", "me")
        wait_for(lambda: reader.get("read") == b"me" and other.get("read") == b"me", "the replicas to have it")
        assert reader.info("replication")["role"] == "slave"
        with pytest.raises(ReadOnlyError):
            reader.set("read", "you")


def test_subscribers_of_sentinel_hear_of_a_switch(group: Group) -> None:
    before = group.node_address(group.primary())
    with Redis(port=group.ports["sentinel_port"], decode_responses=True) as client, client.pubsub() as heard:
        heard.subscribe("+switch-master")
        assert heard.get_message(timeout=5.0) is not None
        switch_over(group)
        message = wait_for(lambda: heard.get_message(timeout=5.0), "the message")
    after = group.node_address(group.primary())
    assert message["data"] == f"orders {before[0]} {before[1]} {after[0]} {after[1]}"
    group.wait_until_whole()
