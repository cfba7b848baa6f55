"""Saving: moments, save points, the end, what a crash leaves, a disk that refuses, copies, looking through files."""

import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from tests.connection import WAIT_SECONDS
from tests.persistence.contents import Client, connect, fill, picture
from tests.servers import Server, free_port, run_to_its_end, start_redis_mode, wait_for

Keep = Callable[[Server], Server]
ATTEMPTS_MAX = 5


def saved(client: Client) -> bool:
    return client.info("persistence")["rdb_bgsave_in_progress"] == 0


def test_a_background_save_is_of_its_moment(started: Keep, tmp_path: Path) -> None:
    ours = started(start_redis_mode("--dir", str(tmp_path), "--enable-debug-command", "yes"))
    with connect(ours.port) as client:
        fill(client)
        client.execute_command("DEBUG", "POPULATE", 20_000)
        wanted = picture(client)
        client.bgsave()
        with client.pipeline(transaction=False) as pipeline:
            for number in range(0, 20_000, 3):
                pipeline.append(f"key:{number}", "!")
            pipeline.delete("stream:350", "zset:700", "list:long")
            pipeline.rename("hash:700", "hash:moved").swapdb(0, 3).flushall().set("new", "value")
            pipeline.execute()
        wait_for(lambda: saved(client), "the save to end")
        info = client.info("persistence")
        assert info["rdb_last_bgsave_status"] == "ok"
        assert info["rdb_changes_since_last_save"] > 0
    copy = started(start_redis_mode("--dir", str(tmp_path)))
    with connect(copy.port) as client:
        assert picture(client) == wanted


def test_a_save_point_saves_and_what_is_saved_is_there_again(started: Keep, tmp_path: Path) -> None:
    ours = started(start_redis_mode("--dir", str(tmp_path), "--save", "1 2"))
    with connect(ours.port) as client:
        # One second after the start it may save at once.
        began = client.lastsave()
        client.mset({"a": "1", "b": "2"})
        wait_for(lambda: client.lastsave() > began and saved(client), "the save point")
        assert client.info("persistence")["rdb_changes_since_last_save"] == 0
        client.set("c", "3")
    ours.signal(signal.SIGTERM)
    assert ours.process.wait(WAIT_SECONDS) == 0
    again = started(start_redis_mode("--dir", str(tmp_path), "--save", ""))
    with connect(again.port) as client:
        assert client.mget("a", "b", "c") == [b"1", b"2", b"3"]
        client.set("d", "4")
        client.execute_command("CONFIG", "SET", "save", "1000 1000")
        client.shutdown(nosave=True)
    assert again.process.wait(WAIT_SECONDS) == 0
    last = started(start_redis_mode("--dir", str(tmp_path)))
    with connect(last.port) as client:
        assert client.mget("c", "d") == [b"3", None]
        # A number would be packed.
        client.set("e", "five")
        client.shutdown(save=True)
    assert last.process.wait(WAIT_SECONDS) == 0
    assert b"five" in (tmp_path / "dump.rdb").read_bytes()


def test_one_that_is_killed_while_it_saves_leaves_the_former_file(started: Keep, tmp_path: Path) -> None:
    ours = started(start_redis_mode("--dir", str(tmp_path), "--enable-debug-command", "yes"))
    with connect(ours.port) as client:
        client.execute_command("DEBUG", "POPULATE", 300_000, "key", 300)
        for number in range(ATTEMPTS_MAX):
            client.set("mark", f"before {number}")
            client.save()
            former = (tmp_path / "dump.rdb").read_bytes()
            client.set("mark", "behind")
            client.bgsave()
            wait_for(lambda: any(tmp_path.glob("temp-*")) or saved(client), "the save to begin")
            ours.freeze()
            # A busy machine may let it end before this process has looked.
            if any(tmp_path.glob("temp-*")):
                break
            ours.signal(signal.SIGCONT)
        ours.kill()
    assert (tmp_path / "dump.rdb").read_bytes() == former
    again = started(start_redis_mode("--dir", str(tmp_path)))
    with connect(again.port) as client:
        assert client.get("mark") == f"before {number}".encode()
        assert client.dbsize() == 300_001


def test_writes_are_refused_while_nothing_can_be_saved(started: Keep, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    ours = started(start_redis_mode("--dir", str(folder), "--save", "1000 1000"))
    with connect(ours.port) as client:
        client.set("a", "1")
        shutil.rmtree(folder)
        with pytest.raises(redis.ResponseError, match=r"dump\.rdb"):
            client.save()
        assert client.info("persistence")["rdb_last_bgsave_status"] == "err"
        with pytest.raises(redis.ResponseError, match=r"^MISCONF Redis is configured to save RDB snapshots"):
            client.set("a", "2")
        assert client.get("a") == b"1"
        with pytest.raises(redis.ResponseError, match="Errors trying to SHUTDOWN"):
            client.execute_command("SHUTDOWN", "SAVE")
        client.execute_command("CONFIG", "SET", "stop-writes-on-bgsave-error", "no")
        client.set("a", "3")
        client.execute_command("CONFIG", "SET", "stop-writes-on-bgsave-error", "yes")
        folder.mkdir()
        client.save()
        client.set("a", "4")


def test_a_copy_is_written_to_a_new_file_only(started: Keep, tmp_path: Path) -> None:
    ours = started(start_redis_mode("--dir", str(tmp_path)))
    path = tmp_path / "copy.rdb"
    with connect(ours.port) as client:
        assert status(client)["state"] == "none"
        fill(client)
        wanted = picture(client)
        assert client.execute_command("MEMC.SNAPSHOT", str(path)) == b"started"
        wait_for(lambda: status(client)["state"] != "running", "the copy")
        told = status(client)
        assert told["state"] == "done"
        assert told["keys"] == len(wanted)
        assert told["bytes"] == path.stat().st_size
        assert int(told["checksum"], 16).to_bytes(8, "little") == path.read_bytes()[-8:]
        content = path.read_bytes()
        client.execute_command("MEMC.SNAPSHOT", str(path))
        wait_for(lambda: status(client)["state"] == "failed", "the copy to be refused")
        assert "nothing is overwritten" in status(client)["error"]
        assert path.read_bytes() == content
        with pytest.raises(redis.ResponseError, match="absolute"):
            client.execute_command("MEMC.SNAPSHOT", "copy.rdb")
    assert [found.name for found in tmp_path.iterdir()] == ["copy.rdb"]
    shutil.copy(path, tmp_path / "dump.rdb")
    refused = run_to_its_end("redis", "--port", str(free_port()), "--load", str(path), "--dir", str(tmp_path))
    assert refused.returncode == 1
    assert "would be overwritten" in refused.stderr


def status(client: Client) -> dict[str, str | int]:
    told = client.execute_command("MEMC.SNAPSHOT", "STATUS")
    words = told if isinstance(told, list) else [word for pair in told.items() for word in pair]
    texts = [word.decode() if isinstance(word, bytes) else word for word in words]
    return dict(zip(texts[::2], texts[1::2], strict=True))


def test_a_file_is_looked_through(started: Keep, tmp_path: Path) -> None:
    ours = started(start_redis_mode("--dir", str(tmp_path)))
    with connect(ours.port) as client:
        fill(client)
        client.save()
    path = tmp_path / "dump.rdb"
    whole = run_to_its_end("redis", "check", str(path))
    assert whole.returncode == 0, whole.stderr
    lines = whole.stdout.splitlines()
    assert lines[0] == f"{path}: RDB of Redis's version 9, {path.stat().st_size} bytes"
    assert "  redis-ver: 7.2.4" in lines
    assert "  database 3: 2 keys (2 string), 1 of them expire" in lines
    assert lines[-1].startswith("  checksum ")
    content = path.read_bytes()
    broken = tmp_path / "broken.rdb"
    broken.write_bytes(content[:2000] + bytes([content[2000] ^ 0xFF]) + content[2001:])
    found = run_to_its_end("redis", "check", str(path), str(broken))
    assert found.returncode == 1
    assert "BROKEN at byte " in found.stderr
    absent = run_to_its_end("redis", "check", str(tmp_path / "none.rdb"))
    assert absent.returncode != 0
    assert "No such file" in absent.stderr


def test_a_log_is_looked_through(started: Keep, tmp_path: Path) -> None:
    ours = started(start_redis_mode("--dir", str(tmp_path), "--appendonly", "yes", "--appendfsync", "always"))
    with connect(ours.port) as client:
        client.set("a", "1")
        client.bgrewriteaof()
        wait_for(lambda: client.info("persistence")["aof_rewrite_in_progress"] == 0, "the rewrite")
        wait_for(lambda: (manifest := _manifest(tmp_path)) and ".base.rdb" in manifest.read_text(), "the new base")
        client.rpush("list", "a", "b")
        client.set("a", "2")
    ours.stop()
    manifest = _manifest(tmp_path)
    assert manifest
    whole = run_to_its_end("redis", "check", str(manifest))
    assert whole.returncode == 0, whole.stderr
    assert "  database 0: 1 keys (1 string), 0 of them expire" in whole.stdout
    assert any(line.startswith("  up to offset ") for line in whole.stdout.splitlines())
    last = max(manifest.parent.glob("*.incr.aof"))
    content = last.read_bytes()
    last.write_bytes(content.replace(b"list", b"lost"))
    broken = run_to_its_end("redis", "check", str(manifest))
    assert broken.returncode == 1
    assert "BROKEN at byte " in broken.stderr
    last.unlink()
    assert "it is not there" in run_to_its_end("redis", "check", str(manifest)).stderr


def _manifest(folder: Path) -> Path | None:
    return next(folder.glob("appendonlydir/*.manifest"), None)
