"""`memcluster bench` against a node."""

import contextlib
import importlib.util
import json
import signal
import socket
import subprocess
import sys
import threading
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
        (("--key-size", "2"), "--key-size: too few to write so many keys"),
        (("--command", "PING"), "--command: only with --protocol resp"),
        (("--protocol", "resp", "--command", "3*"), "write a command, as 'LPUSH list:__key__ __value__'"),
        (("--connections", "-1"), "'--connections' / '-c': -1 is not in the range"),
        (("--connections", "2", "--threads", "3"), "--connections: at least one a thread"),
        (("--value-size", "-5"), "'-5': write 100, uniform:10-500"),
        (("--value-size", "uniform:500-10"), "'uniform:500-10': write 100, uniform:10-500"),
        (("--value-size", "lognormal:1,inf"), "'lognormal:1,inf': write 100"),
        (("--distribution", "zipf:nan"), "'zipf:nan': write uniform, zipf:0.99"),
        (("--distribution", "hotspot:0.5,2"), "--distribution: exponent greater than 0, shares from 0 to 1"),
        (("--rate", "1e12"), "1000000000000.0 is not in the range"),
        (("--seconds", "99999999999999h"), "--seconds: at most 2592000, 30 days"),
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


@contextlib.contextmanager
def stranger(answer: bytes | None) -> Iterator[str]:
    """A server that says this to whatever comes, and closes; None: it reads and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        while (asked := connection.recv(65536)) and answer is None:
                            pass
                        if asked and answer is not None:
                            connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize(
    ("answer", "protocol", "said"),
    [
        (None, "text", "does not answer within 5 s: is a server of memcached's kind running there?"),
        (None, "resp", "does not answer within 5 s: is a server of Redis's kind running there?"),
        (b"ERROR\r\n", "resp", "does not speak Redis's protocol: is it memcached? Leave out --protocol resp"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "meta", "speaks HTTP: name a server that speaks memcached's protocol"),
        (b"", "text", "connections lost: is it well, and does it speak text?"),
    ],
)
def test_a_server_of_another_kind_is_named_and_not_waited_for(answer: bytes | None, protocol: str, said: str) -> None:
    with stranger(answer) as address:
        done = bench("--server", address, *SHORT, "--protocol", protocol)
    assert said in done.stderr
    assert done.returncode == 1


def test_a_time_to_live_of_nothing_is_for_ever(address: str) -> None:
    assert bench("--server", address, *SHORT, "--ttl", "0").returncode == 0
