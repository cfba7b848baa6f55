"""Backups of a group: by the supervisor and by hand, the final one, and back into a new group with equal data."""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from tests.backup.writing import Writer, contents, digest, fill
from tests.cli.running import Up, start_up
from tests.connection import WAIT_SECONDS
from tests.servers import Server, memcluster, start_redis, wait_for

Keep = Callable[[Server], Server]

CONFIGURATION = """
[group.{name}]
replicas = 1
port = 0
io_threads = 1
enable_debug_command = "yes"
dir = "{folder}/{name}"
[group.{name}.snapshots]
target = "{folder}/snapshots"
{settings}
"""
SERVES_SECONDS = 3 * WAIT_SECONDS


@dataclass
class Place:
    """Where the primary's port of a group is: enough of a server for those who write and compare."""

    host: str
    port: int


@dataclass
class Group:
    up: Up
    name: str
    config: Path

    @property
    def primary(self) -> Server:
        found = self.up.record()
        assert found is not None
        (row,) = [row for row in found["groups"] if row["name"] == self.name]  # type: ignore[attr-defined]
        host, _, port = row["primary"].rpartition(":")
        return Place(host, int(port))  # type: ignore[return-value]

    def serves(self) -> bool:
        try:
            once = Retry(NoBackoff(), 0)
            with Redis(self.primary.host, self.primary.port, socket_timeout=1, retry=once) as client:
                # What tells that it serves must not be in its data.
                return bool(client.set("serves", "1") and client.delete("serves"))
        except (RedisError, OSError, AssertionError, ValueError):
            return False

    def run(self, *words: str) -> str:
        ended = self.up.run(*words)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def snapshots(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = json.loads(self.run("snapshot", "list", "--json"))
        return found

    def events(self) -> list[str]:
        return [json.loads(line)["name"] for line in self.run("events", self.name, "--json").splitlines()]


def configuration(folder: Path, name: str, settings: str = "") -> Path:
    config = folder / f"{name}.toml"
    config.write_text(CONFIGURATION.format(name=name, folder=folder, settings=settings))
    return config


def begin(folder: Path, config: Path) -> Group:
    own = folder / f"run-{config.stem}"
    own.mkdir()
    return Group(start_up(own, "--config", str(config)), config.stem, config)


def wait_until_it_serves(group: Group) -> Group:
    wait_for(group.serves, f"{group.name} to serve", SERVES_SECONDS)
    return group


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Group]:
    begun = begin(tmp_path, configuration(tmp_path, "shop"))
    try:
        yield wait_until_it_serves(begun)
    finally:
        begun.up.end()


@pytest.fixture
def restored(tmp_path: Path) -> Iterator[Callable[[str], Group]]:
    """`restored(snapshot)` is a new group that began with it."""
    begun: list[Group] = []

    def begin_with(snapshot: str) -> Group:
        config = configuration(tmp_path, f"from-{snapshot}")
        said = verb("snapshot", "restore", snapshot, "--config", str(config), "--group", config.stem)
        assert said.returncode == 0, said.stderr
        begun.append(begin(tmp_path, config))
        return wait_until_it_serves(begun[-1])

    yield begin_with
    for each in begun:
        each.up.end()


def verb(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(memcluster(*words), capture_output=True, text=True, timeout=SERVES_SECONDS, check=False)


def test_there_and_back(group: Group, restored: Callable[[str], Group], started: Keep, tmp_path: Path) -> None:
    fill(group.primary)
    with Writer(group.primary):
        assert "(replica)" in group.run("snapshot", "create", "under-load")
    digests = {"last": digest(group.primary)}
    said = group.run("group", "delete", "shop", "--final-snapshot", "last")
    assert "shop-1 takes no more writes" in said
    assert "snapshot last is complete" in said
    assert group.up.process.wait(SERVES_SECONDS) == 0, "nothing was left to run"
    assert not (tmp_path / "shop").exists()
    exported = tmp_path / "under-load.rdb"
    verb("snapshot", "export", "under-load", str(exported), "--target", str(tmp_path / "snapshots"))
    theirs = start_redis("--enable-debug-command", "yes", "--dir", str(tmp_path), "--dbfilename", exported.name)
    digests["under-load"] = digest(started(theirs))
    for name, wanted in digests.items():
        assert digest(restored(name).primary) == wanted


def test_what_was_acknowledged_is_in_the_final_one(group: Group, restored: Callable[[str], Group]) -> None:
    """Clients write until they are cut off."""
    client, acknowledged = Redis(group.primary.host, group.primary.port, socket_timeout=WAIT_SECONDS), 0
    deleting = subprocess.Popen(
        [*group.up.program, "group", "delete", "shop", "--final-snapshot", "last"],
        env=group.up.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        while True:
            acknowledged = int(client.incr("count"))
    except (RedisError, OSError):
        pass
    _, said = deleting.communicate(timeout=SERVES_SECONDS)
    assert deleting.returncode == 0, said
    assert acknowledged > 0
    new = restored("last")
    with Redis(new.primary.host, new.primary.port) as reader:
        assert int(reader.get("count") or 0) >= acknowledged


def test_one_that_cannot_be_taken_leaves_the_group_as_it_was(group: Group) -> None:
    group.run("snapshot", "create", "taken")
    for name, complaint in (("taken", "has a snapshot taken already"), ("a b", "'a b' cannot name a snapshot")):
        ended = group.up.run("group", "delete", "shop", "--final-snapshot", name)
        assert complaint in ended.stderr
        assert (ended.returncode, ended.stdout) == (1, ""), "nobody was cut off for it"
    assert group.serves()
    assert group.up.run("group", "delete", "shop").returncode == 2, "one of two flags is needed"


def test_scheduled_ones(tmp_path: Path) -> None:
    """The first is taken at once; what is said of it are events."""
    config = configuration(tmp_path, "shop", 'schedule = "every 1m"\nretention_count = 1')
    group = begin(tmp_path, config)
    try:
        wait_until_it_serves(group)
        wait_for(lambda: any(each["state"] == "complete" for each in group.snapshots()), "the first", SERVES_SECONDS)
        (found,) = [each for each in group.snapshots() if each["state"] == "complete"]
        assert found["kind"] == "scheduled"
        assert found["group"] == "shop"
        wait_for(lambda: "SnapshotComplete" in group.events(), "the event")
        group.run("snapshot", "delete", str(found["name"]))
        wait_for(lambda: "SnapshotDeleted" in group.events(), "the event")
    finally:
        group.up.end()


def test_a_corrupt_one_is_not_restored(group: Group, tmp_path: Path) -> None:
    fill(group.primary, batches=1)
    group.run("snapshot", "create", "bad")
    path = tmp_path / "snapshots" / "bad" / "data.rdb"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    config = configuration(tmp_path, "again")
    ended = verb("snapshot", "restore", "bad", "--config", str(config), "--group", "again")
    assert ended.returncode == 1
    assert "bad" in ended.stderr
    assert not (tmp_path / "again" / "seed.rdb").exists()


def test_a_group_that_has_not_begun_is_restored_into_once(group: Group, tmp_path: Path) -> None:
    group.run("snapshot", "create", "one")
    config = configuration(tmp_path, "again")
    words = ("snapshot", "restore", "one", "--config", str(config), "--group", "again")
    assert verb(*words).returncode == 0
    assert (tmp_path / "again").stat().st_mode & 0o777 == 0o700, "its data are nobody else's to read"
    said = verb(*words)
    assert f"remove {tmp_path / 'again' / 'seed.rdb'} to restore another one" in said.stderr
    assert said.returncode == 1


def test_a_group_with_data_is_restored_into_by_nobody(group: Group, tmp_path: Path) -> None:
    group.run("snapshot", "create", "one")
    ended = verb("snapshot", "restore", "one", "--config", str(group.config), "--group", "shop")
    assert "holds data: restore into a new group" in ended.stderr
    assert (
        "has no table [group.other]"
        in verb("snapshot", "restore", "one", "--config", str(group.config), "--group", "other").stderr
    )


def test_one_that_is_asked_of_a_node_is_the_groups(group: Group, tmp_path: Path) -> None:
    """It counts among the group's and is listed with them, whichever node was named."""
    node = f"{group.primary.host}:{group.primary.port}"
    words = ("--server", node, "--target", str(tmp_path / "snapshots"), "--manual-max", "1")
    made = verb("snapshot", "create", "elsewhere", *words)
    assert made.returncode == 0, made.stderr
    listed = json.loads(group.run("snapshot", "list", "--group", "shop", "--json"))
    assert [(each["name"], each["group"]) for each in listed] == [("elsewhere", "shop")]
    assert "shop has 1 manual snapshots, and may have 1" in verb("snapshot", "create", "another", *words).stderr


def test_a_running_redis_moves_into_a_group(group: Group, started: Keep, tmp_path: Path) -> None:
    """Under load, and the group fails over with what it took."""
    words = ("--enable-debug-command", "yes", "--repl-diskless-sync-delay", "0", "--dir", str(tmp_path))
    source = started(start_redis(*words))
    fill(source)
    with Redis(group.primary.host, group.primary.port) as client:
        client.set("old", "1")
    refused = group.up.run("migrate", "start", source.endpoint)
    assert "the target holds 1 keys" in refused.stderr
    assert group.serves(), "what is refused changes nothing"
    with Writer(source):
        group.run("migrate", "start", source.endpoint, "--replace")
        assert not group.serves()
        wait_for(
            lambda: json.loads(group.run("migrate", "status", "--json"))["phase"] == "following",
            "the group to follow", SERVES_SECONDS,
        )  # fmt: skip
        group.run("migrate", "complete", "--pause-source", "--wait", "5")
        wanted = contents(source)
        assert contents(group.primary) == wanted
    group.run("switchover")
    wait_until_it_serves(group)
    assert contents(group.primary) == wanted
    assert {"MigrationStarted", "MigrationEnded"} <= set(group.events())


def test_a_migration_into_a_group_is_stopped(group: Group, started: Keep, tmp_path: Path) -> None:
    source = started(start_redis("--repl-diskless-sync-delay", "0", "--dir", str(tmp_path)))
    fill(source, batches=1)
    assert "is not held" in group.up.run("migrate", "stop").stderr
    group.run("migrate", "start", source.endpoint)
    assert "held already" in group.up.run("migrate", "start", source.endpoint).stderr
    wait_for(
        lambda: json.loads(group.run("migrate", "status", "--json"))["lag_bytes"] == 0,
        "the group to follow", SERVES_SECONDS,
    )  # fmt: skip
    group.run("migrate", "stop")
    wait_until_it_serves(group)
    with Redis(group.primary.host, group.primary.port) as client:
        assert client.dbsize() > 0
