"""`memcluster bench` against a node."""

import contextlib
import importlib.util
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymemcache import Client

import memcluster
from tests.connection import WAIT_SECONDS
from tests.servers import Server, wait_for

LIMIT_SECONDS = 6 * WAIT_SECONDS
"""matplotlib looks through all fonts of the machine when it is used for the first time."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with memcluster.Node(port=0) as node:
        yield node.address


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "memcluster", "bench", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)


SHORT = ("--requests", "2000", "--keys", "100")


def test_every_request_is_counted(address: str) -> None:
    done = bench("--server", address, *SHORT, "--ratio", "7:2:1", "--verify", "--json", "-")
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)["report"]
    assert report["requests"] == sum(row["requests"] for row in report["operations"].values()) == 2000
    assert set(report["operations"]) == {"get", "set", "delete"}
    assert report["wrong"] == report["errors"] == 0


def test_the_meta_protocol_is_spoken(address: str) -> None:
    done = bench(
        "--server", address, *SHORT, "--protocol", "meta", "--ratio", "7:2:1", "--keys-per-get", "5", "--verify"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "no errors" in done.stdout


def test_any_command_is_asked_of_a_redis_server(redis: Server) -> None:
    asked = ("--command", "3*LPUSH list:__key__ __value__", "--command", "LRANGE list:__key__ 0 '__number__'")
    done = bench("--server", redis.endpoint, *SHORT, "--protocol", "resp", *asked, "--json", "-")
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)["report"]
    assert set(report["operations"]) == {"LPUSH list:__key__ __value__", "LRANGE list:__key__ 0 __number__"}
    assert report["requests"] == 2000


def test_the_table_says_what_was_found(address: str) -> None:
    done = bench("--server", address, "--preset", "twitter-29", *SHORT, "--rate", "20000", "--threads", "2")
    assert done.returncode == 0
    assert all(word in done.stdout for word in ("p99.9", "get", "set", "requests/s", "100.00% hits", "no errors"))


def test_a_wrong_value_is_found(address: str) -> None:
    assert bench("--server", address, *SHORT).returncode == 0
    with contextlib.closing(Client(address)) as client:
        client.set("key:0000000000000000042", "x" * 100, noreply=False)
    once = ("--no-fill", "--ratio", "1:0", "--distribution", "sequential", "--requests", "100", "--keys", "100")
    done = bench("--server", address, *once, "--verify")
    assert done.returncode == 1
    assert "1 wrong" in done.stdout


def test_an_interrupted_run_is_reported(address: str) -> None:
    command = [sys.executable, "-m", "memcluster", "bench", "--server", address, "--seconds", "60", "--warm-up", "0"]
    with contextlib.closing(Client(address)) as client:
        before = client.stats()[b"cmd_get"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        wait_for(lambda: client.stats()[b"cmd_get"] > before + 10_000, "the run to be under way")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 0
    assert "ended early" in out


def test_plots(address: str, tmp_path: Path) -> None:
    if not importlib.util.find_spec("matplotlib"):
        done = bench("--server", address, "--plot", str(tmp_path / "run.png"))
        assert "pip install memcluster[bench]" in done.stderr
        assert done.returncode == 1
        return
    names = [tmp_path / "run.png", tmp_path / "run.svg"]
    assert (
        bench("--server", address, *SHORT, *(word for name in names for word in ("--plot", str(name)))).returncode == 0
    )
    assert names[0].read_bytes().startswith(b"\x89PNG")
    assert "<svg" in names[1].read_text()


def test_what_cannot_be_is_named(address: str) -> None:
    for arguments, said in (
        (("--distribution", "nix"), "'nix': write uniform, zipf:0.99"),
        (("--plot", "run.gif"), "--plot run.gif: name a file that ends in .png or .svg"),
        (("--plot", "no/such/run.svg"), "no/such/run.svg: no file can be written there"),
        (("--json", "no/such/run.json"), "no/such/run.json: no file can be written there"),
        (("--server", "nowhere:port"), "'nowhere:port' is no address: write HOST:PORT"),
        (("--key-size", "2"), "key_bytes: too few to write so many keys"),
        (("--command", "PING"), "--command: only with --protocol resp"),
        (("--protocol", "resp", "--command", "3*"), "write a command, as 'LPUSH list:__key__ __value__'"),
        (("--ttl", "1000h"), "--ttl 3600000: at most 2592000 seconds, 30 days"),
    ):
        done = bench("--server", address, *arguments)
        assert said in done.stderr
        assert done.returncode != 0
    assert "no connection to 127.0.0.1:1" in bench("--server", "127.0.0.1:1").stderr


def test_a_server_of_the_other_protocol_is_named(redis: Server) -> None:
    done = bench("--server", redis.endpoint, *SHORT)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"memcluster: {redis.endpoint} speaks Redis's protocol: give --protocol resp\n"


def test_presets_name_their_sources() -> None:
    done = bench("--list-presets")
    assert "facebook-etc" in done.stdout
    assert done.stdout.count("OSDI 2020") > 5
