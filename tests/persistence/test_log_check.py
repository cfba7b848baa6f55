"""`memcluster redis check` of logs, and DEBUG LOADAOF: what a log holds is said, and made again by loading it."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.persistence.contents import connect, fill, picture
from tests.persistence.test_log_interchange import fill_more, ours, rewrite
from tests.servers import Server, memcluster

Started = Callable[[Server], Server]


def checked(path: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        memcluster("redis", "check", str(path)), capture_output=True, text=True, check=False, timeout=30
    )


def test_a_log_is_looked_through(tmp_path: Path, started: Started) -> None:
    server = started(ours(tmp_path))
    client = connect(server.port)
    fill(client)
    rewrite(client)
    fill_more(client)
    offset = client.info("replication")["master_repl_offset"]
    name = client.info("replication")["master_replid"]
    server.stop()
    manifest = tmp_path / "appendonlydir/appendonly.aof.manifest"
    found = checked(manifest)
    assert found.returncode == 0, found.stderr
    assert f"{manifest}: manifest of 2 files" in found.stdout
    assert "RDB of Redis's version 9" in found.stdout
    assert f"up to offset {offset} of stream {name}, epoch 0" in found.stdout
    (increment,) = manifest.parent.glob("*.incr.aof")
    whole = increment.read_bytes()
    increment.write_bytes(whole[:-70])
    assert "it ends in the middle of a command, and is whole up to byte " in checked(increment).stderr
    increment.write_bytes(whole.replace(b"behind the base", b"behind the case"))
    broken = checked(manifest)
    assert broken.returncode == 1
    assert "BROKEN at byte " in broken.stderr
    increment.unlink()
    assert "the manifest names it, but it is not there" in checked(manifest).stderr


def test_data_is_made_again_of_the_log(tmp_path: Path, started: Started) -> None:
    server = started(ours(tmp_path, "--enable-debug-command", "yes"))
    client = connect(server.port)
    fill(client)
    rewrite(client)
    fill_more(client)
    before, offset = picture(client), client.info("replication")["master_repl_offset"]
    assert client.execute_command("DEBUG", "LOADAOF")  # type: ignore[no-untyped-call]
    assert picture(client) == before
    assert client.info("replication")["master_repl_offset"] == offset, "nothing was logged by it"


def test_a_log_begins_with_what_a_snapshot_holds(tmp_path: Path, started: Started) -> None:
    """Whoever switches the log on in redis.conf, beside a dump.rdb, does not begin with nothing."""
    server = started(ours(tmp_path, "--appendonly", "no"))
    client = connect(server.port)
    fill(client)
    client.save()
    before = picture(client)
    server.kill()
    for _ in range(2):
        server = started(ours(tmp_path))
        assert picture(connect(server.port)) == before
        server.stop()
