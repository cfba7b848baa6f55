"""Links that are cut, servers that are killed: what goes on where it was left, and what begins anew."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.replication.load import Load
from tests.replication.pairs import (
    about,
    assert_equal,
    client,
    follow,
    is_up,
    wait_until_level,
    wait_until_up,
)
from tests.replication.test_under_load import PAIRS, written
from tests.servers import Server, start_redis_mode, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.replication.conftest import Start

LONG = ("--repl-backlog-size", "64mb")
SILENT = ("--repl-ping-replica-period", "3600")
"""A primary that nobody writes to writes nothing itself."""
CUTS = 4


def cut(primary: Server) -> None:
    with client(primary) as connection:
        connection.execute_command("CLIENT", "KILL", "TYPE", "replica")


def syncs(primary: Server) -> tuple[int, int]:
    """Full and partial ones so far."""
    found = about(primary, "stats")
    return found["sync_full"], found["sync_partial_ok"]


@pytest.mark.parametrize(("primary", "replica"), PAIRS)
def test_a_cut_link_goes_on_where_it_was(begin: Start, primary: str, replica: str) -> None:
    source, copy = begin(primary, *LONG), begin(replica)
    follow(copy, source)
    wait_until_up(copy)
    with Load(source) as load:
        for number in range(CUTS):
            written(load, load.writes + 500)
            cut(source)
            wait_for(lambda number=number: syncs(source)[1] > number, f"partial synchronisation {number + 1}", 20)
    assert load.errors == []
    assert_equal(copy, source)
    assert syncs(source) == (1, CUTS)


@pytest.mark.parametrize(("primary", "replica"), PAIRS)
def test_who_misses_more_than_is_kept_copies_everything_again(begin: Start, primary: str, replica: str) -> None:
    source, copy = begin(primary, "--repl-backlog-size", "16kb"), begin(replica)
    follow(copy, source)
    wait_until_up(copy)
    copy.freeze()
    cut(source)
    with Load(source) as load:
        written(load, 4000)
    copy.signal(signal.SIGCONT)
    wait_for(lambda: syncs(source)[0] == 2, "another full synchronisation", 20)
    assert_equal(copy, source)


@pytest.mark.parametrize("kinds", [("theirs", "ours", "theirs"), ("ours", "theirs", "ours"), ("ours", "ours", "ours")])
def test_replicas_of_replicas_have_the_same_offsets(begin: Start, kinds: tuple[str, str, str]) -> None:
    first, middle, last = (begin(kind, *LONG) for kind in kinds)
    follow(middle, first)
    wait_until_up(middle)
    follow(last, middle)
    wait_until_up(last)
    with Load(first) as load:
        written(load, 2000)
        cut(middle)
        written(load, load.writes + 1000)
        cut(first)
        written(load, load.writes + 1000)
    assert_equal(middle, first)
    assert_equal(last, middle)
    names = {about(server)["master_replid"] for server in (first, middle, last)}
    assert len(names) == 1

    def have_the_same_offset() -> bool:
        return len({about(server)["master_repl_offset"] for server in (first, middle, last)}) == 1

    # Keys still expire, and their primary says so to its replicas while they are asked one by one.
    wait_for(have_the_same_offset, "all three to have come to one offset")
    assert syncs(first) == (1, 1)
    assert syncs(middle)[0] == 1


@pytest.mark.parametrize("kinds", [("ours", "ours", "ours"), ("theirs", "ours", "theirs")])
def test_after_a_promotion_siblings_and_the_former_primary_go_on(begin: Start, kinds: tuple[str, str, str]) -> None:
    first, second, third = (begin(kind, *LONG, *SILENT) for kind in kinds)
    for copy in (second, third):
        follow(copy, first)
        wait_until_up(copy)
    with Load(first) as load:
        written(load, 2000)
    with client(first) as connection:
        # What expires there would be written to its stream behind what the others have.
        connection.execute_command("DEBUG", "SET-ACTIVE-EXPIRE", "0")
    wait_until_level(second, first)
    wait_until_level(third, first)
    before = about(second)["master_replid"]
    with client(second) as connection:
        connection.execute_command("REPLICAOF", "NO", "ONE")
    found = about(second)
    assert (found["role"], found["master_replid2"]) == ("master", before)
    assert found["master_replid"] != before
    for copy in (third, first):
        follow(copy, second)
        wait_until_up(copy)
    with Load(second, seed=2) as load:
        written(load, 1000)
    for copy in (third, first):
        assert_equal(copy, second)
    assert syncs(second) == (0, 2)


def filled(server: Server, megabytes: int) -> None:
    with client(server) as connection:
        pipe = connection.pipeline(transaction=False)
        for number in range(megabytes * 10):
            pipe.set(f"large{number}", bytes([number % 251]) * 100_000)
        pipe.execute()


@pytest.mark.parametrize("primary", ["ours", "theirs"])
def test_a_primary_that_dies_in_a_full_synchronisation_takes_nothing_with_it(begin: Start, primary: str) -> None:
    source, copy = begin(primary, "--rdbcompression", "no"), begin("ours")
    with client(copy) as connection:
        connection.set("own", "data")
    filled(source, 60)
    follow(copy, source)
    with client(source) as connection:
        whole = connection.dbsize()
    wait_for(lambda: about(copy).get("master_sync_read_bytes", 0) > 1_000_000 or is_up(copy), "a part of the snapshot")
    source.kill()
    # It may not have been up yet: that it is down is known when it says why.
    wait_for(lambda: not is_up(copy) and about(copy)["master_link_error"], "the link to be down")
    with client(copy) as connection:
        # All may have come before the primary was dead.
        found = (connection.get("own"), connection.dbsize())
        assert found in {(b"data", 1), (None, whole)}, "what there is stays until all has come"
        assert "127.0.0.1" in about(copy)["master_link_error"]
        connection.execute_command("REPLICAOF", "NO", "ONE")
        assert connection.set("own", "again")


@pytest.mark.parametrize("primary", ["ours", "theirs"])
def test_a_replica_that_dies_in_a_full_synchronisation_comes_again(
    begin: Start, started: Callable[[Server], Server], primary: str
) -> None:
    source, copy = begin(primary), begin("ours")
    filled(source, 60)
    follow(copy, source)
    wait_for(lambda: about(copy).get("master_sync_read_bytes", 0) > 1_000_000 or is_up(copy), "a part of the snapshot")
    copy.kill()
    wait_for(lambda: about(source)["connected_slaves"] == 0, "the primary to notice", 20)
    copy = started(start_redis_mode("--replicaof", f"{source.host} {source.port}", port=copy.port))
    wait_until_up(copy)
    assert_equal(copy, source)


@pytest.mark.parametrize("replica", ["ours", "theirs"])
def test_a_replica_that_does_not_keep_up_is_dropped_and_comes_again(begin: Start, replica: str) -> None:
    limits = ("--client-output-buffer-limit", "replica 4mb 0 0", "--repl-backlog-size", "1mb")
    source, copy = begin("ours", *limits), begin(replica)
    follow(copy, source)
    wait_until_up(copy)
    copy.freeze()
    filled(source, 30)
    wait_for(lambda: about(source)["connected_slaves"] == 0, "the replica to be dropped")
    copy.signal(signal.SIGCONT)
    wait_for(lambda: syncs(source)[0] == 2, "another full synchronisation", 30)
    assert_equal(copy, source)
