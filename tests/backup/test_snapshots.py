"""`memcluster snapshot` of a single node: taken under load, refused when corrupt, loaded by redis-server."""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis

from tests.backup.writing import Writer, digest, fill
from tests.connection import WAIT_SECONDS
from tests.servers import Server, memcluster, start_redis, start_redis_mode, wait_for

Keep = Callable[[Server], Server]
LIMIT_SECONDS = 6 * WAIT_SECONDS
ATTEMPTS_MAX = 5


def snapshot(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        memcluster("snapshot", *words), capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
    )


def done(*words: str) -> str:
    ended = snapshot(*words)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def refused(*words: str) -> str:
    ended = snapshot(*words)
    assert ended.returncode == 1, ended.stdout
    assert ended.stderr.startswith("memcluster: ")
    assert ended.stderr.count("\n") == 1
    return ended.stderr


def listed(target: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(done("list", "--target", str(target), "--json"))
    return found


@pytest.fixture
def node(started: Keep, tmp_path: Path) -> Server:
    folder = tmp_path / "node"
    folder.mkdir()
    server = started(start_redis_mode("--threads", "2", "--enable-debug-command", "yes", "--dir", str(folder)))
    fill(server)
    return server


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "snapshots"


def take(name: str, node: Server, target: Path) -> str:
    return done("create", name, "--server", node.endpoint, "--target", str(target))


def loaded_by_redis(started: Keep, rdb: Path) -> Server:
    return started(start_redis("--enable-debug-command", "yes", "--dir", str(rdb.parent), "--dbfilename", rdb.name))


def test_its_life(node: Server, target: Path, tmp_path: Path, started: Keep) -> None:
    said = take("first", node, target)
    assert "verified by loading" in said
    (found,) = listed(target)
    assert found["state"] == "complete"
    assert found["role"] == "primary"
    assert found["bytes"] == (target / "first" / "data.rdb").stat().st_size
    with Redis(node.host, node.port) as client:
        assert found["keys"] == client.dbsize()
    assert "first" in done("list", "--target", str(target))
    exported = tmp_path / "exported.rdb"
    done("export", "first", str(exported), "--target", str(target))
    assert digest(loaded_by_redis(started, exported)) == digest(node)
    assert "is there already" in refused("export", "first", str(exported), "--target", str(target))
    assert "has a snapshot first already" in refused(
        "create", "first", "--server", node.endpoint, "--target", str(target)
    )
    done("delete", "first", "--target", str(target))
    assert listed(target) == []
    assert "has no snapshot first" in refused("delete", "first", "--target", str(target))


def test_under_load_it_is_one_point_in_time(node: Server, target: Path, tmp_path: Path, started: Keep) -> None:
    """Two keys that are always changed together are equal in it."""
    with Redis(node.host, node.port) as client, Writer(node):
        stop = False

        def together() -> None:
            number = 0
            while not stop:
                number += 1
                client.mset({"left": number, "right": number})

        thread = threading.Thread(target=together)
        thread.start()
        try:
            wait_for(lambda: client.get("left"), "the first write")
            for number in range(3):
                take(f"s{number}", node, target)
        finally:
            stop = True
            thread.join()
    for number in range(3):
        exported = tmp_path / f"exported-{number}.rdb"
        done("export", f"s{number}", str(exported), "--target", str(target))
        server = loaded_by_redis(started, exported)
        with Redis(server.host, server.port) as client:
            left, right = client.mget("left", "right")
            assert left == right is not None


@pytest.mark.parametrize("place", [9, 200, -5])
def test_a_flipped_byte_is_found(node: Server, target: Path, tmp_path: Path, place: int) -> None:
    take("a", node, target)
    path = target / "a" / "data.rdb"
    content = bytearray(path.read_bytes())
    content[place] ^= 0x10
    path.write_bytes(content)
    said = refused("export", "a", str(tmp_path / "x.rdb"), "--target", str(target))
    assert str(path) in said or "snapshot a is corrupt" in said
    assert not (tmp_path / "x.rdb").exists()


def test_one_that_is_cut_or_gone_is_found(node: Server, target: Path, tmp_path: Path) -> None:
    take("a", node, target)
    path = target / "a" / "data.rdb"
    path.write_bytes(path.read_bytes()[:-100])
    assert "a" in refused("export", "a", str(tmp_path / "x.rdb"), "--target", str(target))
    path.unlink()
    assert "has lost its data; delete it" in refused("export", "a", str(tmp_path / "x.rdb"), "--target", str(target))


def test_a_node_that_dies_meanwhile_leaves_one_that_failed(node: Server, target: Path) -> None:
    with Redis(node.host, node.port) as client:
        client.execute_command("DEBUG", "POPULATE", "300000", "x", "64")
    running = subprocess.Popen(
        memcluster("snapshot", "create", "a", "--server", node.endpoint, "--target", str(target)),
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_for((target / "a" / "manifest.json").exists, "the beginning")
    node.kill()
    _, said = running.communicate(timeout=LIMIT_SECONDS)
    if running.returncode == 0:
        pytest.skip("it was complete before the node was dead")
    assert node.endpoint in said
    (found,) = listed(target)
    assert found["state"] == "failed"
    assert node.endpoint in str(found["error"])
    assert not (target / "a" / "data.rdb").exists()


def test_a_taker_that_is_killed_does_not_block_the_next(node: Server, target: Path) -> None:
    with Redis(node.host, node.port) as client:
        client.execute_command("DEBUG", "POPULATE", "300000", "x", "64")
    for number in range(ATTEMPTS_MAX):
        running = subprocess.Popen(
            memcluster("snapshot", "create", f"a{number}", "--server", node.endpoint, "--target", str(target))
        )
        manifest = target / f"a{number}" / "manifest.json"
        wait_for(manifest.exists, "the beginning")
        running.send_signal(signal.SIGKILL)
        # A busy machine may let it end before it is killed.
        if running.wait(WAIT_SECONDS) != 0 and json.loads(manifest.read_bytes())["state"] == "creating":
            break
    done("create", "b", "--server", node.endpoint, "--target", str(target))
    states = {each["name"]: each["state"] for each in listed(target)}
    assert (states[f"a{number}"], states["b"]) == ("failed", "complete")


def test_no_more_manual_ones_than_allowed(node: Server, target: Path) -> None:
    words = ("--server", node.endpoint, "--target", str(target), "--manual-max", "2")
    for name in "ab":
        done("create", name, *words)
    said = refused("create", "c", *words)
    assert "may have 2: delete one (the oldest: memcluster snapshot delete a), or raise manual_max" in said
    done("delete", "a", "--target", str(target))
    done("create", "c", *words)


def test_an_object_store_takes_them_too(node: Server, tmp_path: Path) -> None:
    """Not a directory for fsspec: the node writes beside its data, the file is uploaded and read back."""
    url = f"simplecache::file://{tmp_path}/store"
    done("create", "a", "--server", node.endpoint, "--target", url)
    assert list((tmp_path / "node").glob("*.snapshot.rdb")) == []
    done("export", "a", str(tmp_path / "x.rdb"), "--target", url)
    assert (tmp_path / "x.rdb").exists()


def test_what_cannot_be_taken(started: Keep, target: Path) -> None:
    theirs = started(start_redis())
    words = ("--target", str(target))
    assert "no Redis-mode node of ours" in refused("create", "a", "--server", theirs.endpoint, *words)
    assert "is a server running there?" in refused("create", "a", "--server", "127.0.0.1:1", *words)
    assert "is no address" in refused("create", "a", "--server", "nowhere", *words)
    assert "cannot name a snapshot" in refused("delete", "../a", *words)
    assert not any(each.is_dir() for each in target.glob("*"))


def test_what_is_no_place(node: Server, target: Path, tmp_path: Path) -> None:
    take("a", node, target)
    out = tmp_path / "missing" / "out.rdb"
    said = refused("export", "a", str(out), "--target", str(target))
    assert f"{out}: No such file or directory: name a place that can be written" in said
    assert not out.parent.exists()
    file = target / "a" / "data.rdb"
    assert f"{file} is a file: snapshots lie in a directory" in refused("list", "--target", str(file))


def test_a_long_error_leaves_the_columns_their_room(node: Server, target: Path) -> None:
    take("a-name-that-is-not-short", node, target)
    (target / "a-name-that-is-not-short" / "manifest.json").write_text("garbage")
    said = done("list", "--target", str(target))
    assert "a-name-that-is-not-short" in said
    assert "take another" in " ".join(said.split()), "the end of the sentence"


def test_a_password_is_needed_and_never_shown(started: Keep, target: Path, tmp_path: Path) -> None:
    node = started(start_redis_mode("--threads", "1", "--requirepass", "very-secret", "--dir", str(tmp_path)))
    words = ("create", "a", "--server", node.endpoint, "--target", str(target))
    assert "NOAUTH" in refused(*words)
    ended = subprocess.run(
        memcluster("snapshot", *words), capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False,
        env=os.environ | {"REDISCLI_AUTH": "very-secret"},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "very-secret" not in (target / "a" / "manifest.json").read_text() + ended.stdout + node.says()
