"""`memcluster redis --seed FILE`: what a node begins with, however often it is started."""

from collections.abc import Callable
from pathlib import Path

from redis import Redis

from tests.backup.writing import digest, fill
from tests.servers import Server, start_redis, start_redis_mode, wait_for

Keep = Callable[[Server], Server]


def seeded(folder: Path, seed: Path) -> Server:
    words = ("--appendonly", "yes", "--enable-debug-command", "yes", "--dir", str(folder), "--seed", str(seed))
    server = start_redis_mode("--threads", "1", *words)
    with Redis(server.host, server.port) as client:
        wait_for(lambda: client.info("persistence")["loading"] == 0, "the data to be loaded")
        # Until the log has its base a node that dies begins with the seed again.
        wait_for(lambda: client.info("persistence")["aof_rewrite_in_progress"] == 0, "the log's base")
    return server


def test_it_is_loaded_once(started: Keep, tmp_path: Path) -> None:
    """A file of redis-server's; after a restart the node has its own data."""
    theirs = started(start_redis("--enable-debug-command", "yes", "--dir", str(tmp_path), "--dbfilename", "seed.rdb"))
    fill(theirs)
    with Redis(theirs.host, theirs.port) as client:
        client.save()
    folder = tmp_path / "node"
    folder.mkdir()
    node = started(seeded(folder, tmp_path / "seed.rdb"))
    assert digest(node) == digest(theirs)
    with Redis(node.host, node.port) as client:
        client.set("later", "1")
        client.delete("set:1")
    changed = digest(node)
    node.stop()
    assert digest(started(seeded(folder, tmp_path / "seed.rdb"))) == changed


def test_data_that_were_all_deleted_do_not_come_back(started: Keep, tmp_path: Path) -> None:
    theirs = started(start_redis("--dir", str(tmp_path), "--dbfilename", "seed.rdb"))
    fill(theirs, batches=1)
    with Redis(theirs.host, theirs.port) as client:
        client.save()
    folder = tmp_path / "node"
    folder.mkdir()
    node = started(seeded(folder, tmp_path / "seed.rdb"))
    with Redis(node.host, node.port) as client:
        assert client.dbsize() > 0
        client.flushall()
    node.stop()
    node = started(seeded(folder, tmp_path / "seed.rdb"))
    with Redis(node.host, node.port) as client:
        assert client.dbsize() == 0
