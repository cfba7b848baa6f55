"""The verbs that talk to a running cluster."""

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pymemcache import Client

from tests.cli.running import Up, start_up, wait_until_serving
from tests.servers import wait_for


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


@pytest.mark.parametrize("key", ["ключ", "k" * 250, "\udcff"])
def test_any_key_of_memcached_can_be_asked_for(up: Up, key: str) -> None:
    assert up.run("set", key, "value").returncode == 0
    assert up.run("get", key).stdout == "value\n"
    assert up.run("delete", key).returncode == 0


@pytest.mark.parametrize("key", ["", "a b", "k" * 251, "ключ " * 30])
@pytest.mark.parametrize("verb", ["get", "set", "delete"])
def test_what_is_no_key_is_said_without_asking(up: Up, verb: str, key: str) -> None:
    wrong = up.run(verb, key, *(["value"] if verb == "set" else []))
    assert wrong.stderr == f"memcluster: {key!r} is no key: a key has 1 to 250 bytes and no white space\n"
    assert wrong.returncode == 1


def test_a_time_to_live_of_any_length(up: Up) -> None:
    """Below a second it is no "for ever", and above 30 days no date of the past."""

    def left(time_to_live: str) -> int:
        assert up.run("set", "ttl", "value", "--ttl", time_to_live).returncode == 0
        client = Client(up.address)
        said = client.raw_command(b"mg ttl t")
        client.close()
        return int(said.removeprefix(b"HD t"))

    assert left("0") == -1
    assert left("1000h") > 3_599_000
    assert up.run("set", "ttl", "value", "--ttl", "300ms").returncode == 0
    # It may be gone at once: the second in which it ends may be the next one.
    wait_for(lambda: up.run("get", "ttl").returncode == 1, "it to be gone")


def test_ring_knows_the_cluster_that_runs(up: Up) -> None:
    assert up.run("set", "located", "value").returncode == 0
    (found,) = json.loads(up.run("ring", "locate", "located", "--json").stdout)
    holder, *_ = found["servers"]
    assert up.run("get", "located", "--server", holder).stdout == "value\n"
    others = {str(row["address"]) for row in up.processes()[1:]} - {holder}
    assert others
    assert {up.run("get", "located", "--server", other).returncode for other in others} == {1}
    planned = up.run("ring", "plan", "--remove", holder)
    assert planned.returncode == 0, planned.stderr
    assert all(other in planned.stdout for other in others)


def test_stats_of_the_proxy_and_of_a_node(up: Up) -> None:
    counters = dict(line.split(maxsplit=1) for line in up.run("stats", "--server", "node-1").stdout.splitlines())
    assert (counters["threads"], counters["hash_is_expanding"]) == ("1", "0")
    assert "node" in up.run("stats", "proxy").stdout


def test_an_unknown_server_is_named_with_those_there_are(up: Up) -> None:
    wrong = up.run("stats", "--server", "node-9")
    assert wrong.stderr == "memcluster: --server node-9: give HOST:PORT, or one of proxy, node-1, node-2\n"
    assert wrong.returncode == 1


@pytest.mark.parametrize("verb", [("get", "a"), ("top", "--once"), ("stats",), ("bench",)])
@pytest.mark.parametrize("server", ["nowhere:port", "127.0.0.1:65536", ":1"])
def test_what_is_no_address_is_said(up: Up, verb: tuple[str, ...], server: str) -> None:
    wrong = up.run(*verb, "--server", server)
    assert wrong.stderr.startswith(f"memcluster: {server!r} is no address: write HOST:PORT")
    assert wrong.returncode == 1


def test_counters_that_nobody_has(up: Up) -> None:
    wrong = up.run("stats", "nix")
    assert wrong.stderr == f"memcluster: {up.address} has no counters 'nix': `memcluster stats --help` says which\n"
    assert wrong.returncode == 1


@pytest.mark.parametrize("verb", [("events",), ("switchover",), ("snapshot", "list"), ("migrate", "status")])
def test_verbs_of_groups_say_that_there_is_none(up: Up, verb: tuple[str, ...]) -> None:
    wrong = up.run(*verb)
    assert "this cluster has no group: give the file of `memcluster up` a table [group.NAME]" in wrong.stderr
    assert wrong.returncode == 1


def test_a_server_that_is_not_there(up: Up) -> None:
    wrong = up.run("get", "a", "--server", "127.0.0.1:1")
    assert wrong.returncode == 1
    assert "127.0.0.1:1: " in wrong.stderr
    assert "is a server running there?" in wrong.stderr


def test_status(up: Up) -> None:
    assert "node-2" in up.run_well("status")
    rows = json.loads(up.run_well("status", "--json"))["processes"]
    assert [row["name"] for row in rows] == ["proxy", "node-1", "node-2"]
    assert all(row["answers_in_ms"] is not None and row["state"] == "serving" for row in rows)


def test_status_without_a_cluster(up: Up, tmp_path: Path) -> None:
    alone = replace(up, environment=up.environment | {"XDG_RUNTIME_DIR": str(tmp_path)}).run("status")
    assert (alone.stderr, alone.returncode) == ("memcluster: no cluster runs: start one with `memcluster up`\n", 1)


@pytest.mark.parametrize(
    ("verb", "instead"),
    [
        (("migrate", "status"), "give --server HOST:PORT"),
        (("snapshot", "create", "a"), "give --server HOST:PORT and --target"),
        (("snapshot", "list"), "say with --target where they lie"),
        (("snapshot", "delete", "a"), "say with --target where they lie"),
    ],
)
def test_what_does_without_a_cluster_is_said(up: Up, tmp_path: Path, verb: tuple[str, ...], instead: str) -> None:
    alone = replace(up, environment=up.environment | {"XDG_RUNTIME_DIR": str(tmp_path)}).run(*verb)
    assert alone.stderr == f"memcluster: no cluster runs: start one with `memcluster up`, or {instead}\n"


def test_a_list_of_no_snapshots_says_where_there_are_none(up: Up, tmp_path: Path) -> None:
    assert up.run("snapshot", "list", "--target", str(tmp_path)).stdout == f"no snapshots in {tmp_path}\n"


def test_a_server_that_hangs_up_is_said(up: Up) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(100)

        thread = threading.Thread(target=hang_up)
        thread.start()
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        asked = up.run("get", "a", "--server", address)
        thread.join()
    said = f"memcluster: {address} closed the connection without an answer: is that a memcached server?\n"
    assert (asked.stderr, asked.returncode) == (said, 1)


def test_top_without_a_cluster(up: Up, tmp_path: Path) -> None:
    alone = replace(up, environment=up.environment | {"XDG_RUNTIME_DIR": str(tmp_path)}).run("top")
    assert alone.stderr == "memcluster: no cluster runs: start one with `memcluster up`, or give --server HOST:PORT\n"
    assert alone.returncode == 1


def test_top_shows_every_node(up: Up) -> None:
    said = up.run_well("top", "--once", "--interval", "100ms")
    assert "node-1" in said
    assert "node-2" in said


def test_top_of_a_process_by_its_name(up: Up) -> None:
    assert "node-2" in up.run_well("top", "--once", "--interval", "50ms", "--server", "node-2")


def test_top_of_a_server_that_is_not_there(up: Up) -> None:
    assert "no answer" in up.run("top", "--once", "--interval", "50ms", "--server", "127.0.0.1:1").stdout
