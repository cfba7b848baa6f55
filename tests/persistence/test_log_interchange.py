"""Append-only files as redis-server reads and writes them: it goes on with ours, we go on with its, and its tool finds
nothing wrong."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.persistence.contents import Client, connect, fill, picture
from tests.servers import Server, find_peer, start_redis, start_redis_mode, wait_for
from tests.wire.redis_differential.case import encode

Started = Callable[[Server], Server]


def ours(folder: Path, *more: str) -> Server:
    return start_redis_mode("--threads", "2", "--dir", str(folder), "--appendonly", "yes", *more)


def theirs(folder: Path, *more: str) -> Server:
    return start_redis("--dir", str(folder), "--appendonly", "yes", *more)


def rewrite(client: Client) -> None:
    before = client.info("persistence")["aof_rewrites"]
    client.bgrewriteaof()
    wait_for(lambda: client.info("persistence")["aof_rewrites"] > before, "a rewrite")
    wait_for(lambda: not client.info("persistence")["aof_rewrite_in_progress"], "its end")
    assert client.info("persistence")["aof_last_bgrewrite_status"] == "ok"


@pytest.mark.parametrize("is_rewritten", [False, True])
@pytest.mark.parametrize("fsync", ["always", "everysec"])
def test_redis_server_goes_on_with_ours(fsync: str, is_rewritten: bool, tmp_path: Path, started: Started) -> None:
    server = started(ours(tmp_path, "--appendfsync", fsync, "--aof-timestamp-enabled", "yes"))
    client = connect(server.port)
    fill(client)
    if is_rewritten:
        rewrite(client)
        fill_more(client)
    # RDB's version 9, which a base is in, has no room for some of what is known of streams.
    before = picture(client, of_streams=not is_rewritten)
    server.stop()
    checker = find_peer("redis-check-aof", "redis-tools")
    manifest = tmp_path / "appendonlydir/appendonly.aof.manifest"
    checked = subprocess.run([checker, str(manifest)], capture_output=True, text=True, check=False)
    assert "All AOF files and manifest are valid" in checked.stdout, checked.stdout
    peer = started(theirs(tmp_path))
    other = connect(peer.port)
    assert picture(other, of_streams=not is_rewritten) == before
    # And we with what it has added, in our file and behind a base of its own.
    other.set("added", "by the other")
    peer.stop()
    back = started(ours(tmp_path))
    assert connect(back.port).get("added") == b"by the other"
    assert len(picture(connect(back.port))) == len(before) + 1


@pytest.mark.parametrize("preamble", ["yes", "no"])
@pytest.mark.parametrize("is_rewritten", [False, True])
def test_we_go_on_with_redis_servers(preamble: str, is_rewritten: bool, tmp_path: Path, started: Started) -> None:
    peer = started(theirs(tmp_path, "--aof-use-rdb-preamble", preamble, "--aof-timestamp-enabled", "yes"))
    client = connect(peer.port)
    fill(client)
    if is_rewritten:
        rewrite(client)
        fill_more(client)
    before = picture(client)
    peer.stop()
    server = started(ours(tmp_path))
    other = connect(server.port)
    assert picture(other) == before
    rewrite(other)
    server.stop()
    server = started(ours(tmp_path))
    assert picture(connect(server.port)) == before


def fill_more(client: Client) -> None:
    """What stands behind a base: changes of what is in it, too."""
    client.set("behind the base", "x")
    client.lpush("list:5", "first")
    client.delete("set:words:100")
    with client.pipeline() as transaction:
        transaction.incr("number:127")
        transaction.hset("hash:5", "field", "new")
        transaction.execute()


def test_the_log_is_switched_on_and_off_while_the_server_runs(tmp_path: Path, started: Started) -> None:
    server = started(start_redis_mode("--threads", "2", "--dir", str(tmp_path)))
    client = connect(server.port)
    fill(client)
    client.config_set("appendonly", "yes")
    client.set("written", "at once")
    wait_for(lambda: not client.info("persistence").get("aof_pending_rewrite", 1), "the first base")
    client.config_set("appendonly", "no")
    wait_for(lambda: "aof_current_size" not in client.info("persistence"), "the end of the log")
    client.set("lost", "x")
    client.config_set("appendonly", "yes")
    wait_for(lambda: not client.info("persistence").get("aof_pending_rewrite", 1), "another base")
    client.delete("lost")
    before = picture(client)
    server.stop()
    server = started(ours(tmp_path))
    assert picture(connect(server.port)) == before


def test_time_left_counts_from_loading(tmp_path: Path, started: Started) -> None:
    """Logs of others may say how long a key has left; redis-server counts from when it loads them."""
    commands = [
        "SET a v", "EXPIRE a 100", "SET b v", "PEXPIRE b 100000", "SET c v EX 100", "SETEX d 100 v",
        "PSETEX e 100000 v", "SET f v", "GETEX f EX 100", "SET g v", "EXPIRE g 200", "EXPIRE g 100 LT",
        "SET h v", "EXPIRE h -1",
    ]  # fmt: skip
    log = b"".join(encode([word.encode() for word in command.split()]) for command in commands)
    payload = b"\x00\x01v\n\x00\x91\x08\xce\xb2\x198\x8a\xce"
    left = []
    for start in (theirs, ours):
        folder = tmp_path / start.__name__
        folder.mkdir()
        (folder / "appendonly.aof").write_bytes(log + encode([b"RESTORE", b"i", b"100000", payload]))
        client = connect(started(start(folder)).port)
        left.append({key for key in "abcdefghi" if 50 < client.ttl(key) <= 100})
    assert left == [set("abcdefgi")] * 2


def test_a_log_of_one_file_from_before_redis_7_is_taken_over(tmp_path: Path, started: Started) -> None:
    (tmp_path / "appendonly.aof").write_bytes(
        b"*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n"
    )
    server = started(ours(tmp_path))
    assert picture(connect(server.port)).keys() == {(3, b"a")}
    server.stop()
    assert not (tmp_path / "appendonly.aof").exists()
