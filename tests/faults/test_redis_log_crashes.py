"""A Redis-mode node with a log is killed while it is written to, over and over, and each time it goes on with what it
had acknowledged: with `appendfsync always` all of it, with `everysec` all but the last two seconds at most.

MEMCLUSTER_CRASH_ROUNDS says how many times (200 take some minutes, with `-o faulthandler_timeout=0`),
MEMCLUSTER_CRASH_SEED where chance begins.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from tests.faults.log_writers import Writers, chance, check
from tests.servers import Server, start_redis_mode, wait_for

Started = Callable[[Server], Server]

ROUNDS = int(os.environ.get("MEMCLUSTER_CRASH_ROUNDS", "4"))
SEED = int(os.environ.get("MEMCLUSTER_CRASH_SEED", "1"))
LOST_SECONDS_MAX = {"always": 0.0, "everysec": 2.0}


def begin(folder: Path, fsync: str, *more: str) -> Server:
    words = ("--threads", "2", "--dir", str(folder), "--appendonly", "yes", "--appendfsync", fsync)
    server = start_redis_mode(*words, *more)
    with redis.Redis("127.0.0.1", server.port) as client:
        wait_for(lambda: not client.info("persistence")["loading"], "data to be loaded")
    return server


@pytest.mark.parametrize("fsync", ["always", "everysec"])
def test_what_was_acknowledged_survives_kill_9(fsync: str, tmp_path: Path, started: Started) -> None:
    draws, before = chance(SEED), None
    for number in range(ROUNDS):
        # A log that is rewritten while it is killed is what a small bound gives.
        server = started(begin(tmp_path, fsync, "--auto-aof-rewrite-min-size", draws.choice(["64kb", "64mb"])))
        writers = Writers(server.port, 3, before)
        writers.start()
        writers.run_for(draws.uniform(0.05, 0.6))
        moment = time.monotonic()
        server.kill()
        writers.join()
        assert not [writer.refused for writer in writers.all if writer.refused]
        server = started(begin(tmp_path, fsync))
        check(writers.all, server.port, moment - LOST_SECONDS_MAX[fsync])
        before = writers.all
        server.kill()
        print(f"{fsync}: round {number}: {sum(writer.sent + 1 for writer in before)} sent")


def test_a_restart_goes_on_with_the_same_stream(tmp_path: Path, started: Started) -> None:
    server = started(begin(tmp_path, "everysec"))
    with redis.Redis("127.0.0.1", server.port) as client:
        client.set("key", "value")
        before = client.info("replication")
    server.stop()
    server = started(begin(tmp_path, "everysec"))
    with redis.Redis("127.0.0.1", server.port) as client:
        after = client.info("replication")
        # Under a name of its own from here on: whoever has more than the disk had does not go on with it.
        assert (after["master_replid2"], after["second_repl_offset"]) == (
            before["master_replid"],
            before["master_repl_offset"] + 1,
        )
        assert after["master_repl_offset"] == before["master_repl_offset"]
        # The end of the log is in memory: who was connected before goes on from there.
        assert after["repl_backlog_first_byte_offset"] <= 1
        client.config_set("appendonly", "no")
