"""The verbs that talk to a running cluster."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.running import Up, start_up, wait_until_serving


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    started = start_up(
        tmp_path_factory.mktemp("up"), "--port", "0", "--nodes", "2", "--memory", "16m", "--threads", "1"
    )
    try:
        yield wait_until_serving(started)
    finally:
        assert started.end() == 0


def test_set_get_delete(up: Up) -> None:
    assert up.run("set", "verb", "hello world").returncode == 0
    found = up.run("get", "verb")
    assert (found.stdout, found.returncode) == ("hello world\n", 0)
    assert up.run("delete", "verb").returncode == 0
    missed = up.run("get", "verb")
    assert (missed.stdout, missed.stderr, missed.returncode) == ("", "verb: not found\n", 1)
    again = up.run("delete", "verb")
    assert (again.stderr, again.returncode) == ("verb: not found\n", 1)


def test_many_keys_and_standard_input(up: Up) -> None:
    assert up.run("set", "many-1", "-", text="from a pipe").returncode == 0
    assert up.run("set", "many-2", "two", "--ttl", "5m").returncode == 0
    found = up.run("get", "many-2", "many-1", "many-3")
    assert found.stdout == "many-2 two\nmany-1 from a pipe\n"
    assert (found.stderr, found.returncode) == ("many-3: not found\n", 1)


def test_stats_of_the_proxy_and_of_a_node(up: Up) -> None:
    assert "threads" in up.run("stats", "--server", "node-1").stdout
    assert "node" in up.run("stats", "proxy").stdout


def test_an_unknown_server_is_named_with_those_there_are(up: Up) -> None:
    wrong = up.run("stats", "--server", "node-9")
    assert wrong.stderr == "memcluster: --server node-9: give HOST:PORT, or one of proxy, node-1, node-2\n"
    assert wrong.returncode == 1


def test_a_server_that_is_not_there(up: Up) -> None:
    wrong = up.run("get", "a", "--server", "127.0.0.1:1")
    assert wrong.returncode == 1
    assert "127.0.0.1:1: " in wrong.stderr
    assert "is a server running there?" in wrong.stderr


def test_status(up: Up) -> None:
    said = up.run("status")
    assert said.returncode == 0, said.stderr
    assert "node-2" in said.stdout
    rows = json.loads(up.run("status", "--json").stdout)["processes"]
    assert [row["name"] for row in rows] == ["proxy", "node-1", "node-2"]
    assert all(row["answers_in_ms"] is not None and row["state"] == "serving" for row in rows)


def test_status_without_a_cluster(up: Up, tmp_path: Path) -> None:
    alone = replace(up, environment=up.environment | {"XDG_RUNTIME_DIR": str(tmp_path)}).run("status")
    assert alone.stderr == ("memcluster: no cluster runs: start one with `memcluster up`, or give --server HOST:PORT\n")
    assert alone.returncode == 1


def test_top_shows_every_node(up: Up) -> None:
    said = up.run("top", "--once", "--interval", "100ms")
    assert said.returncode == 0, said.stderr
    assert "node-1" in said.stdout
    assert "node-2" in said.stdout
    assert "no answer" not in said.stdout


def test_top_of_a_server_that_is_not_there(up: Up) -> None:
    assert "no answer" in up.run("top", "--once", "--interval", "50ms", "--server", "127.0.0.1:1").stdout
