"""`memcluster up` with Redis-mode nodes beside the memcached ones, and the verbs that look at them."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from tests.cli.running import Up, start_up, wait_until_serving
from tests.connection import WAIT_SECONDS
from tests.servers import Server, memcluster, wait_for

CONFIGURATION = """
[cluster]
nodes = 1
port = 0
[node]
memory = "16m"
threads = 1
[redis.sessions]
port = 0
io_threads = 2
maxmemory = "64mb"
maxmemory_policy = "allkeys-lru"
"""


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    path = tmp_path / "cluster.toml"
    path.write_text(CONFIGURATION)
    started = start_up(tmp_path, "--config", str(path))
    try:
        yield wait_until_serving(started)
    finally:
        started.end()


def address(up: Up, name: str = "sessions") -> tuple[str, int]:
    (row,) = [row for row in up.processes() if row["name"] == name]
    host, _, port = str(row["address"]).rpartition(":")
    return host, int(port)


def test_it_serves_and_comes_back(up: Up) -> None:
    host, port = address(up)
    with Redis(host, port) as client:
        assert client.set("a", "1")
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "allkeys-lru"}
    (row,) = [row for row in up.processes() if row["role"] == "redis"]
    children = {child.pid: child for child in up.children()}
    children[int(str(row["pid"]))].kill()
    wait_for(lambda: [row["restarts"] for row in up.processes() if row["role"] == "redis"] == [1], "the restart")
    with Redis(host, port) as client:
        wait_for(lambda: up.is_serving() and client.ping(), "the node to be back")


def test_the_verbs_look_at_it(up: Up) -> None:
    host, port = address(up)
    with Redis(host, port) as client:
        client.set("a", "1")
        client.get("a")
    rows = json.loads(up.run_well("status", "--json"))["processes"]
    (row,) = [row for row in rows if row["name"] == "sessions"]
    assert row["items"] == 1
    assert row["bytes"] > 0
    assert row["answers_in_ms"] is not None
    assert "sessions" in up.run_well("top", "--once", "--interval", "50ms")
    said = up.run("stats", "--server", "sessions", "redis_version").stdout
    assert said.split() == ["redis_version", "7.2.4"]


def test_the_table_says_where_it_is(up: Up) -> None:
    wait_for(lambda: "sessions (Redis mode)" in up.out.read_text(), "the table")
    assert "64mb" in up.out.read_text()


@pytest.mark.parametrize(
    ("head", "roles"),
    [
        ("", ["redis"]),
        ("[cluster]\nnodes = 0\n", ["redis"]),
        ("[cluster]\nport = 0\nnodes = 1\n", ["proxy", "node", "redis"]),
    ],
)
def test_what_stands_in_the_file_is_what_starts(tmp_path: Path, head: str, roles: list[str]) -> None:
    path = tmp_path / "cluster.toml"
    path.write_text(f"{head}[redis.sessions]\nport = 0\n")
    started = start_up(tmp_path, "--config", str(path))
    try:
        wait_until_serving(started)
        assert [row["role"] for row in started.processes()] == roles
        said = started.run("get", "a")
        assert ("has no memcached nodes" in said.stderr) == ("proxy" not in roles)
        assert started.run_well("status")
        wait_for(lambda: "Try: " in started.out.read_text(), "the table")
    finally:
        assert started.end() == 0


def test_a_cluster_of_nothing_is_refused(tmp_path: Path) -> None:
    started = start_up(tmp_path, "--nodes", "0")
    assert started.process.wait(WAIT_SECONDS) == 1
    assert "there is nothing to run" in started.err.read_text()


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ("[group.a]\nreplica = 1", "[group.a]: replica: neither a group's setting nor Redis's directive"),
        ("[group.node]\nport = 0", "[group.node]: other processes have the names of its nodes"),
        ("[group.a]\nport = 0\n[redis.a-1]\nport = 0", "[group.a]: other processes have the names of its nodes"),
        ("[redis.a]\nprot = 1", "[redis.a]: prot: Redis knows no such directive: did you mean port?"),
        ("[redis.a]\nport = 'x'", "[redis.a]: port x: write a whole number from 0 to 65535"),
        ("[redis.a]\nbind = ['127.0.0.1', '::1']", "[redis.a]: bind: give one address"),
        ("[redis.a]\ndaemonize = true", "[redis.a]: daemonize: the supervisor's processes stay with it"),
        ("[group.a]\nport = 0\nsnapshots = 3", ":3: [group.a]: snapshots: it is a table of its own"),
        ("[group.a.snapshots]\nscedule = 'never'", "a.snapshots]: scedule: no such setting: did you mean schedule?"),
        ("[group.a]\nport = 0\n\nreplicas = -1", "cluster.toml:4: [group.a]: replicas: expected a whole number >= 0"),
        (
            "[redis.a]\nport = 0\ntcp_backlog = -1",
            "cluster.toml:3: [redis.a]: tcp-backlog -1: write a whole number",
        ),
        ("[group.a]\nport = 0\nnode_port = 65535", "port 65536 is above 65535: lower node_port in [group.a]"),
        (
            "[group.a]\nport = 0\nappendfsync = 'often'",
            "cluster.toml:3: [group.a]: appendfsync: argument(s) must be one of the following: everysec, always, no",
        ),
        ("[redis.a]\nport = 0\nmaxmemory = 'lots'", "cluster.toml:3: [redis.a]: maxmemory: argument must be a memory"),
        ("[redis.proxy]\nport = 0", "[redis.proxy]: another process of the cluster has that name"),
    ],
)
def test_what_cannot_be(tmp_path: Path, table: str, complaint: str) -> None:
    assert complaint in refusal(tmp_path, table)


def test_it_ends_when_its_only_process_cannot_start(tmp_path: Path) -> None:
    said = refusal(tmp_path, f"[redis.a]\nport = 0\ndir = '{tmp_path}'\nload = 'none.rdb'")
    assert "none.rdb: No such file or directory (os error 2): name an RDB file that there is with --load" in said
    assert said.endswith("a cannot be started: it ended before it served; what it said stands above\n")


def refusal(tmp_path: Path, table: str) -> str:
    """What is said of this file by a start that ends with it."""
    path = tmp_path / "cluster.toml"
    path.write_text(table)
    started = start_up(tmp_path, "--config", str(path))
    assert started.process.wait(WAIT_SECONDS) == 1
    return started.err.read_text()


def test_the_verbs_log_in_with_the_password_of_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "cluster.toml"
    path.write_text('[redis.a]\nport = 0\nio_threads = 1\nrequirepass = "very secret"\n')
    started = start_up(tmp_path, "--config", str(path))
    try:
        alone = wait_until_serving(started)
        refused = alone.run("stats", "--server", "a")
        assert "answered INFO: NOAUTH Authentication required.: set REDISCLI_AUTH to its password" in refused.stderr
        assert (refused.returncode, refused.stdout) == (1, "")
        assert alone.run_well("status"), "it answers, to who has its password"
        known = replace(alone, environment=alone.environment | {"REDISCLI_AUTH": "very secret"})
        assert "redis_version" in known.run("stats", "--server", "a").stdout
        with Redis(*address(alone, "a"), password="very secret") as client:
            client.set("key", "value")
        (row,) = json.loads(known.run_well("status", "--json"))["processes"]
        assert row["items"] == 1
        assert known.run("top", "--once", "--interval", "50ms").returncode == 0
        wrong = replace(alone, environment=alone.environment | {"REDISCLI_AUTH": "wrong"})
        assert "set REDISCLI_AUTH to its password" in wrong.run("stats", "--server", "a").stderr
    finally:
        assert started.end() == 0


def test_the_verbs_know_a_real_redis(redis: Server, tmp_path: Path) -> None:
    def say(*words: str) -> str:
        return subprocess.run(memcluster(*words), capture_output=True, text=True, timeout=30, check=True).stdout

    assert "redis_version" in say("stats", "--server", redis.endpoint)
    assert redis.endpoint in say("top", "--once", "--interval", "50ms", "--server", redis.endpoint)
