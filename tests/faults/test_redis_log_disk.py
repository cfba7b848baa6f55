"""The disk under a log fails: it is full, or it gives back other bytes than were written. Nothing acknowledged is lost
without a word: writes are refused while nothing can be written, and what is damaged is named with its place."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from tests.faults.log_writers import Writers, check
from tests.faults.test_redis_log_crashes import begin
from tests.replication.pairs import about, assert_equal, client, follow, is_up, wait_until_up
from tests.servers import Server, memcluster, start_redis_mode, wait_for

Started = Callable[[Server], Server]

INCREMENT = "appendonlydir/appendonly.aof.1.incr.aof"
MANIFEST = "appendonlydir/appendonly.aof.manifest"

MEGABYTE = 1 << 20
PENDING_MAX = 16 * MEGABYTE
"""Of a replica's stream, what may wait for its log."""
WRITTEN = 10 * PENDING_MAX
TIMEOUT = 4
PATIENT = ("--client-output-buffer-limit", "replica 0 0 0", "--repl-timeout", str(TIMEOUT))
"""A primary that keeps all for its replica, as long as that says how far it is."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small disk needs the right to mount one: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("fsync", ["always", "everysec"])
def test_a_full_disk_refuses_writes_until_there_is_room(fsync: str, small_disk: Path, started: Started) -> None:
    server = started(begin(small_disk, fsync))
    complaint = f"WARNING redis {server.port}: the append-only log cannot be written, writes are refused (MISCONF): see"
    relief = f"WARNING redis {server.port}: the append-only log refuses no writes any more"
    with redis.Redis("127.0.0.1", server.port, socket_timeout=20) as client:
        client.set("calm", "x")
        writers = Writers(server.port, 2)
        writers.start()
        writers.run_for(60)
        wait_for(lambda: client.info("persistence")["aof_last_write_status"] == "err", "the full disk to be noticed")
        with pytest.raises(redis.ResponseError, match=r"MISCONF Errors writing to the AOF file: .*No space left"):
            client.set("more", "x")
        assert client.get("calm"), "reads go on of what the disk has"
        wait_for(lambda: f"{complaint} the disk of {small_disk}\n" in server.says(), "a line in its log")
        subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
        wait_for(lambda: client.info("persistence")["aof_last_write_status"] == "ok", "the disk to be well again")
        wait_for(lambda: is_taken(client), "writes to be taken again")
        wait_for(lambda: relief in server.says(), "another line")
        assert [server.says().count(line) for line in (complaint, relief)] == [1, 1]
    writers.join()
    moment = time.monotonic() if fsync == "always" else time.monotonic() - 2
    server.kill()
    server = started(begin(small_disk, fsync))
    check(writers.all, server.port, moment)
    server.kill()


def overwrite(server: Server, megabytes: int) -> None:
    """So many of them, in the same few keys: it is the stream that grows."""
    with client(server) as connection:
        for number in range(megabytes):
            connection.set(f"key:{number % 4}", os.urandom(MEGABYTE))


def test_a_replica_whose_disk_is_full_leaves_the_stream_with_its_primary(small_disk: Path, started: Started) -> None:
    primary = started(start_redis_mode("--threads", "2", *PATIENT))
    replica = started(begin(small_disk, "everysec", "--repl-timeout", str(TIMEOUT)))
    follow(replica, primary)
    wait_until_up(replica)
    wait_for(lambda: ".base." in (small_disk / MANIFEST).read_text(), "the log to have a base")
    overwrite(primary, 4)
    wait_for(lambda: about(replica, "persistence")["aof_last_write_status"] == "err", "the full disk to be noticed")
    before = replica.resident_bytes()
    overwrite(primary, WRITTEN // MEGABYTE)
    assert about(primary)["master_repl_offset"] > WRITTEN
    until = time.monotonic() + 1.5 * TIMEOUT

    def is_over() -> bool:
        assert is_up(replica), "it says how far it is, and waits longer for its disk than for a primary that is silent"
        assert about(replica)["slave_repl_offset"] < 2 * PENDING_MAX, "what does not fit into the log is not taken"
        assert replica.resident_bytes() - before < 4 * PENDING_MAX
        return time.monotonic() > until

    wait_for(is_over, "the time to be up that a silent primary has", 3 * TIMEOUT)
    subprocess.run(["mount", "-o", "remount,size=512m", str(small_disk)], check=True)
    assert_equal(replica, primary)
    stats = about(primary, "stats")
    assert (stats["sync_full"], stats["sync_partial_ok"]) == (1, 0), "one link, from the beginning on"
    replica.stop()
    replica = started(begin(small_disk, "everysec"))
    with client(replica) as one, client(primary) as other:
        keys = [f"key:{number}" for number in range(4)]
        assert one.mget(keys) == other.mget(keys)


def fill_up(connection: redis.Redis) -> None:
    for _ in range(1000):
        connection.set("key", os.urandom(1 << 16))


def test_who_switches_off_a_log_on_a_full_disk_writes_at_once(small_disk: Path, started: Started) -> None:
    server = started(begin(small_disk, "everysec"))
    with client(server) as connection:
        with pytest.raises(redis.ResponseError, match="MISCONF"):
            fill_up(connection)
        connection.config_set("appendonly", "no")
        assert connection.set("key", "x")


def test_a_full_disk_that_takes_no_save_is_said_until_one_succeeds(small_disk: Path, started: Started) -> None:
    words = ("--dir", str(small_disk), "--enable-debug-command", "yes")
    server = started(start_redis_mode(*words))
    with redis.Redis("127.0.0.1", server.port, socket_timeout=20) as client:
        client.execute_command("DEBUG", "POPULATE", 200_000)
        client.bgsave()
        complaint = f"the data was not saved, with save points writes are refused: see the disk of {small_disk}\n"
        wait_for(lambda: complaint in server.says(), "a line in its log")
        subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
        client.bgsave()
        wait_for(lambda: f"WARNING redis {server.port}: the data is saved again" in server.says(), "another line")
        assert server.says().count(complaint) == 1


def is_taken(client: redis.Redis) -> bool:
    try:
        return bool(client.set("more", "x"))
    except redis.ResponseError:
        return False


def written(folder: Path, started: Started) -> bytes:
    """A log of some hundred commands; the file."""
    server = started(begin(folder, "always"))
    with redis.Redis("127.0.0.1", server.port) as client:
        for number in range(100):
            client.set(f"key:{number}", f"value {number}")
    server.kill()
    return (folder / INCREMENT).read_bytes()


def refusal(folder: Path, *more: str) -> str:
    """What a node says that does not start."""
    words = ("--dir", str(folder), "--appendonly", "yes", *more)
    ended = subprocess.run(
        memcluster("redis", "--port", "0", *words), capture_output=True, text=True, check=False, timeout=30
    )
    assert ended.returncode == 1
    return ended.stderr


def test_two_servers_do_not_write_one_log(tmp_path: Path, started: Started) -> None:
    started(begin(tmp_path, "always"))
    assert "appendonlydir is another server's, which runs: stop that, or give this one" in refusal(tmp_path)


def test_a_torn_end_is_cut_off(tmp_path: Path, started: Started) -> None:
    whole = written(tmp_path, started)
    torn = whole[: whole.rindex(b"value 99") + 3]
    (tmp_path / INCREMENT).write_bytes(torn)
    complaint = refusal(tmp_path, "--aof-load-truncated", "no")
    assert f"{INCREMENT}: it ends in the middle of a command, and is whole up to byte " in complaint
    assert (tmp_path / INCREMENT).read_bytes() == torn
    server = started(begin(tmp_path, "always"))
    with redis.Redis("127.0.0.1", server.port) as client:
        assert client.dbsize() == 99
        client.set("key:99", "again")
    said = f"{tmp_path / INCREMENT}: it ended in the middle of a command: "
    wait_for(lambda: said in server.says(), "the warning")
    server.kill()
    server = started(begin(tmp_path, "always"))
    with redis.Redis("127.0.0.1", server.port) as client:
        assert client.dbsize() == 100


def test_a_changed_byte_is_named_with_its_place_and_what_to_do(tmp_path: Path, started: Started) -> None:
    whole = written(tmp_path, started)
    for place in (whole.index(b"value 7"), whole.index(b"value 99") + 2, whole.index(b"$8\r\nvalue 50") + 1):
        wrong = bytearray(whole)
        wrong[place] ^= 1
        (tmp_path / INCREMENT).write_bytes(wrong)
        complaint = refusal(tmp_path)
        assert f"{tmp_path / INCREMENT}: damaged at byte " in complaint
        assert "bring it back from a copy or a replica" in complaint
        size = int(complaint.split("truncate --size=")[1].split()[0])
        assert size <= place
        os.truncate(tmp_path / INCREMENT, size)
        server = started(begin(tmp_path, "always"))
        server.kill()


def test_a_wrong_manifest_is_named_with_its_line(tmp_path: Path, started: Started) -> None:
    written(tmp_path, started)
    manifest = tmp_path / MANIFEST
    right = manifest.read_text()
    # One bit, and what was written is taken for what may be deleted.
    manifest.write_text(right.replace("type i", "type h"))
    assert f"{manifest}: line 1: its checksum is wrong" in refusal(tmp_path)
    # Without a checksum, as redis-server writes it.
    _, plain = right.split("\n", 1)
    manifest.write_text(plain.replace("type i", "type h"))
    assert f"{manifest}: it names no file of a log" in refusal(tmp_path)
    manifest.write_text(plain.replace("type i", "type z"))
    assert f"{manifest}: line 1: unknown AOF file type" in refusal(tmp_path)
    manifest.write_text(plain.replace("1.incr", "2.incr"))
    assert "names appendonly.aof.2.incr.aof, which is not there" in refusal(tmp_path)
    assert (tmp_path / INCREMENT).exists()
    manifest.unlink()
    assert "restore the manifest" in refusal(tmp_path)
