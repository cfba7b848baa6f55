"""Servers that end and come again: positions stand in the log, so that both sides go on where they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.scripted import ScriptedNode
from tests.replication.conftest import OURS
from tests.replication.load import Load
from tests.replication.pairs import about, assert_equal, client, follow, wait_until_level, wait_until_up
from tests.replication.test_under_load import written
from tests.servers import Server, start_redis_mode, wait_for

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from tests.replication.conftest import Start

LONG = ("--repl-backlog-size", "64mb")
LOGGED = ("--appendonly", "yes", "--appendfsync", "everysec")


def again(started: Callable[[Server], Server], folder: Path, server: Server, *flags: str) -> Server:
    """The same server with what it has on its disk."""
    return started(start_redis_mode(*OURS, "--dir", str(folder), *LOGGED, *LONG, *flags, port=server.port))


def has_base(folder: Path) -> bool:
    """What was copied is in its log."""
    return ".base." in (folder / "appendonlydir/appendonly.aof.manifest").read_text()


@pytest.mark.parametrize("primary", ["ours", "theirs"])
@pytest.mark.parametrize("is_killed", [False, True])
def test_a_replica_goes_on_from_its_log(
    begin: Start, started: Callable[[Server], Server], tmp_path: Path, primary: str, is_killed: bool
) -> None:
    source, folder = begin(primary, *LONG), tmp_path / "logged"
    folder.mkdir()
    flags = ("--replicaof", f"{source.host} {source.port}")
    copy = started(start_redis_mode(*OURS, "--dir", str(folder), *LOGGED, *flags))
    wait_until_up(copy)
    with Load(source) as load:
        written(load, 2000)
        wait_for(lambda: has_base(folder), "the log to have a base")
        if is_killed:
            copy.kill()
        else:
            copy.stop()
        written(load, load.writes + 1000)
        copy = again(started, folder, copy, *flags)
        wait_until_up(copy)
    assert_equal(copy, source)
    found = about(source, "stats")
    assert (found["sync_full"], found["sync_partial_ok"]) == (1, 1)


@pytest.mark.parametrize("replica", ["ours", "theirs"])
def test_replicas_go_on_with_a_primary_that_comes_again(
    begin: Start, started: Callable[[Server], Server], tmp_path: Path, replica: str
) -> None:
    folder = tmp_path / "logged"
    folder.mkdir()
    source, copy = started(start_redis_mode(*OURS, "--dir", str(folder), *LOGGED, *LONG)), begin(replica)
    follow(copy, source)
    wait_until_up(copy)
    with Load(source) as load:
        written(load, 2000)
    before = about(source)["master_replid"]
    wait_until_level(copy, source)
    source.stop()
    source = again(started, folder, source)
    wait_until_up(copy)
    found = about(source)
    assert found["master_replid"] != before, "what it writes now is its own"
    assert found["master_replid2"] == before
    with Load(source, seed=2) as load:
        written(load, 500)
    assert_equal(copy, source)
    found = about(source, "stats")
    assert (found["sync_full"], found["sync_partial_ok"]) == (0, 1)


def test_a_replica_s_replicas_and_its_log_survive_a_full_synchronisation(
    begin: Start, started: Callable[[Server], Server], tmp_path: Path
) -> None:
    """What a new primary sends takes the place of everything: data, log, offsets, and replicas' data."""
    first, last, folder = begin("ours"), begin("ours"), tmp_path / "logged"
    folder.mkdir()
    middle = started(start_redis_mode(*OURS, "--dir", str(folder), *LOGGED))
    with client(first) as one, client(middle) as other:
        one.set("a", "first")
        other.set("own", "middle")
        follow(last, middle)
        wait_until_up(last)
        follow(middle, first)
        wait_until_up(middle)
        one.set("b", "more")
        one.wait(1, 5000)
        wait_until_up(last)
        assert_equal(middle, first)
        assert_equal(last, middle)
        wait_for(lambda: has_base(folder), "the log to have a base")
    middle.kill()
    middle = again(started, folder, middle)
    with client(middle) as other:
        assert (other.get("a"), other.get("b"), other.get("own")) == (b"first", b"more", None)


def test_a_server_that_ends_gives_its_replicas_all_it_has_written(begin: Start) -> None:
    source, copy = begin("ours"), begin("ours")
    follow(copy, source)
    wait_until_up(copy)
    with client(source) as writer:
        pipe = writer.pipeline(transaction=False)
        for number in range(20_000):
            pipe.set(f"key{number}", "v" * 200)
        pipe.execute()
    source.stop()
    with client(copy) as reader:
        assert reader.dbsize() == 20_000


@pytest.mark.parametrize("primary", ["ours", "theirs"])
def test_a_replica_goes_on_from_its_snapshot(
    begin: Start, started: Callable[[Server], Server], tmp_path: Path, primary: str
) -> None:
    source, folder = begin(primary, *LONG), tmp_path / "saved"
    folder.mkdir()
    flags = (*OURS, "--dir", str(folder), "--replicaof", f"{source.host} {source.port}")
    copy = started(start_redis_mode(*flags))
    wait_until_up(copy)
    with Load(source) as load:
        written(load, 1000)
        with client(copy) as connection:
            connection.save()
        copy.kill()
        written(load, load.writes + 500)
        copy = started(start_redis_mode(*flags, port=copy.port))
        wait_until_up(copy)
    assert_equal(copy, source)
    found = about(source, "stats")
    assert (found["sync_full"], found["sync_partial_ok"]) == (1, 1)


EMPTY_SNAPSHOT = b"REDIS0011\xff" + bytes(8)
"""Without a checksum."""
SET = b"*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n"


def as_a_primary(connection: socket.socket, received: bytes) -> bool:
    """All that a replica needs to be told until the stream begins, a request at a time."""
    if b"PSYNC" in received:
        begins = b"+FULLRESYNC %s 0\r\n$%d\r\n" % (b"a" * 40, len(EMPTY_SNAPSHOT))
        connection.sendall(begins + EMPTY_SNAPSHOT)
    elif b"ACK" not in received:
        connection.sendall(b"+PONG\r\n" if b"PING" in received else b"+OK\r\n")
    return True


def test_empty_requests_of_a_primary_are_nothing_in_the_log_too(
    started: Callable[[Server], Server], tmp_path: Path
) -> None:
    stream = b"".join(empty + SET for empty in (b"\n", b"\r\n", b"*0\r\n", b"*-1\r\n"))
    with ScriptedNode(as_a_primary) as primary:
        _, port = primary.endpoint.split(":")
        words = ("--dir", str(tmp_path), *LOGGED, "--replicaof", f"127.0.0.1 {port}")
        copy = started(start_redis_mode(*OURS, *words))
        wait_until_up(copy)
        wait_for(lambda: has_base(tmp_path), "the log to have a base")
        primary.connections[-1].sendall(stream)
        wait_for(lambda: about(copy)["slave_repl_offset"] == len(stream), "the stream to come")
        copy.stop()
    copy = again(started, tmp_path, copy)
    with client(copy) as connection:
        assert connection.get("key") == b"value"
    assert about(copy)["master_repl_offset"] == len(stream)
