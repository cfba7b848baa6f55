"""A log that begins anew while the server runs, killed in the middle of that: what is on the disk can be read again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import redis

from tests.faults.log_writers import chance
from tests.faults.test_redis_log_crashes import ROUNDS, SEED
from tests.servers import Server, start_redis_mode, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

KEYS = 50_000
MOMENT_MAX_SECONDS = 0.5
"""A log is begun within some tenths of a second, and its base is written in one."""


def client(server: Server) -> redis.Redis:
    return redis.Redis(server.host, server.port, socket_timeout=30)


def fill(server: Server) -> None:
    with client(server) as writer:
        pipe = writer.pipeline(transaction=False)
        for number in range(KEYS):
            pipe.set(f"key{number}", "v" * 100)
        pipe.execute()


def loaded(server: Server) -> int:
    """How many keys it has."""
    with client(server) as reader:
        wait_for(lambda: not reader.info("persistence")["loading"], "data to be loaded")
        return int(reader.dbsize())


def kill_at_any_moment(server: Server, draws: Random) -> None:
    until = time.monotonic() + draws.uniform(0, MOMENT_MAX_SECONDS)
    wait_for(lambda: time.monotonic() >= until, "the moment")
    server.kill()


def test_a_replica_that_is_killed_while_everything_is_copied_starts_again(
    started: Callable[[Server], Server], tmp_path: Path
) -> None:
    """It has all that it had before, or all that was copied."""
    source = started(start_redis_mode("--threads", "1"))
    fill(source)
    flags = ("--threads", "1", "--dir", str(tmp_path), "--appendonly", "yes", "--appendfsync", "always")
    draws = chance(SEED)
    for number in range(ROUNDS):
        copy = started(start_redis_mode(*flags))
        assert loaded(copy) in {number, KEYS}
        with client(copy) as reader:
            # A primary of its own now, which has written what nobody else has: it can't go on with the stream.
            reader.flushall()
            for own in range(number + 1):
                reader.set(f"own{own}", "x")
            reader.replicaof(source.host, source.port)
            wait_for(lambda reader=reader: reader.info("replication")["master_link_status"] == "up", "the copy")  # type: ignore[misc]
            assert reader.dbsize() == KEYS
        kill_at_any_moment(copy, draws)
    assert loaded(started(start_redis_mode(*flags))) in {ROUNDS, KEYS}


def test_a_server_that_is_killed_while_its_first_log_begins_starts_again(
    started: Callable[[Server], Server], tmp_path: Path
) -> None:
    """With what it had when it was told to log, or with nothing."""
    draws = chance(SEED)
    for number in range(ROUNDS):
        folder = tmp_path / str(number)
        folder.mkdir()
        flags = ("--threads", "1", "--dir", str(folder))
        server = started(start_redis_mode(*flags))
        fill(server)
        with client(server) as writer:
            writer.config_set("appendonly", "yes")
        kill_at_any_moment(server, draws)
        assert loaded(started(start_redis_mode(*flags, "--appendonly", "yes"))) in {0, KEYS}
