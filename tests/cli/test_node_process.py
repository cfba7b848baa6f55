"""`memcluster node` as a process: flags, signals, the background, what it prints."""

import json
import os
import pwd
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from pymemcache import Client

from tests.connection import WAIT_SECONDS
from tests.servers import Server, accepts, free_port, memcluster, start_node, wait_for

Keep = Callable[[Server], Server]


def run_node(*flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(memcluster("node", *flags), capture_output=True, text=True, timeout=WAIT_SECONDS, check=False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_a_signal_ends_it_well(started: Keep, number: signal.Signals) -> None:
    server = started(start_node("-t", "1", "-u", "root"))
    server.signal(number)
    assert server.process.wait(WAIT_SECONDS) == 0
    lines = server.says().splitlines()
    assert [line.partition(": ")[2] for line in lines] == [
        f"listening on {server.endpoint}",
        f"stopping: {number.name}",
    ]


def test_hanging_up_does_not_end_it(started: Keep) -> None:
    server = started(start_node("-t", "1"))
    server.signal(signal.SIGHUP)
    client = Client(server.address)
    assert client.set("a", "b", noreply=False)
    client.close()
    assert server.is_running()


def test_a_client_may_end_it_when_allowed(started: Keep) -> None:
    server = started(start_node("-t", "1", "-A"))
    with socket.create_connection(server.address) as client:
        client.sendall(b"shutdown\r\n")
        assert server.process.wait(WAIT_SECONDS) == 0
    assert "stopping: a client asked for it" in server.says()


def test_json_log_lines(started: Keep) -> None:
    server = started(start_node("-t", "1", "-u", "root", "-f", "1.05", "--log-format", "json"))
    server.stop()
    lines = [json.loads(line) for line in server.says().splitlines()]
    assert [line["level"] for line in lines] == ["warning", "info", "info"]
    assert lines[0]["message"] == "-f 1.05 is ignored: memory is a log of segments, it has no slab classes"


def test_a_command_line_of_memcached(started: Keep) -> None:
    """What Debian's and Docker's memcached are started with, and -U 0, which many have."""
    server = started(
        start_node("-vv", "-m64", "-c", "512", "-t2", "-R", "40", "-b", "128", "-I", "2m", "-o", "modern", "-U", "0")
    )
    client = Client(server.address)
    assert client.stats("settings")[b"item_size_max"] == 2 << 20
    counters = client.stats()
    assert counters[b"max_connections"] == 512
    assert counters[b"limit_maxbytes"] == 64 << 20
    assert counters[b"threads"] == 2
    client.close()


def test_a_unix_socket_instead_of_tcp(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    process = subprocess.Popen(memcluster("node", "-s", str(path), "-a", "770", "-t", "1"), stderr=subprocess.PIPE)
    try:
        # The socket is there before anybody listens on it.
        wait_for(lambda: accepts(str(path)), "the socket")
        assert path.stat().st_mode & 0o777 == 0o770
        client = Client(str(path))
        assert client.set("a", "b", noreply=False)
        client.close()
    finally:
        process.terminate()
        process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 0
    assert not path.exists()


def test_it_goes_into_the_background_once_it_serves(tmp_path: Path) -> None:
    pid_file, port = tmp_path / "pid", free_port()
    ended = run_node("-d", "-P", str(pid_file), "-p", str(port), "-u", "root", "-t", "1")
    assert ended.returncode == 0, ended.stderr
    daemon = psutil.Process(int(pid_file.read_text()))
    try:
        client = Client(f"127.0.0.1:{port}")
        assert client.set("a", "b", noreply=False), "it serves when the command has returned"
        client.close()
        assert os.getsid(daemon.pid) == daemon.pid
    finally:
        daemon.terminate()
    wait_for(lambda: not daemon.is_running() or daemon.status() == psutil.STATUS_ZOMBIE, "the daemon to end")
    assert not pid_file.exists()


def test_an_error_of_a_daemon_reaches_the_terminal() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for flags in (("-d",), ()):
            ended = run_node(*flags, "-p", str(port), "-u", "root")
            assert ended.returncode == 1
            assert f"cannot listen on 127.0.0.1:{port}" in ended.stderr
            assert "another server has it; stop that, or give another with -p" in ended.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_it_gives_up_root(started: Keep) -> None:
    server = started(start_node("-t", "1", "-u", "nobody"))
    wait_for(lambda: psutil.Process(server.process.pid).uids().real == pwd.getpwnam("nobody").pw_uid, "another user")
    client = Client(server.address)
    assert client.set("a", "b", noreply=False)
    client.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is warned")
def test_staying_root_is_worth_one_warning(started: Keep) -> None:
    server = started(start_node("-t", "1"))
    warning = "running as root: -u NAME gives that up, -u root says that it is meant"
    wait_for(lambda: warning in server.says(), "the warning")
    assert server.says().count(warning) == 1


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (("-U", "11211"), "-U 11211 is refused: UDP is not served"),
        (("-I", "2g"), "item_size_max (-I) is 2g: it must be between 1k and 1g"),
        (("-I", "33m"), "item_size_max (-I) is 33m and memory (-m) is 64m: an item may take at most half"),
        (("-u", "no-such-user"), "-u no-such-user: there is no such user"),
        (("-P", "/no/such/place/pid"), "the pid file /no/such/place/pid: No such file or directory"),
        (("-l", "192.0.2.1"), "that address is not one of this host's; give another with -l"),
    ],
)
def test_what_it_cannot_do_is_one_line(flags: tuple[str, ...], complaint: str) -> None:
    if "-u" in flags and os.geteuid() != 0:
        pytest.skip("only root can become another user")
    ended = run_node("-p", "0", *flags)
    assert ended.returncode == 1
    assert complaint in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_option_that_nobody_knows_is_an_error_of_usage() -> None:
    ended = run_node("--no-such-option")
    assert ended.returncode == 2
    assert "No such option" in ended.stderr


def test_descriptors_are_raised_as_far_as_they_go() -> None:
    ended = subprocess.run(
        ["sh", "-c", 'ulimit -n 256; exec "$@"', "sh", *memcluster("node", "-c", "1000", "-P", "/no/such/place/pid")],
        capture_output=True, text=True, timeout=WAIT_SECONDS, check=False,
    )  # fmt: skip
    assert "-c 1000 does not fit the limit of 256 open files: raise it (ulimit -n 1064)" in ended.stderr


def test_a_node_process_is_lean(started: Keep) -> None:
    server = started(start_node("-t", "4"))
    assert server.resident_bytes() < 30 << 20
    loaded = subprocess.run(
        memcluster("node", "-p", "0", "-P", "/no/such/place/pid"), capture_output=True, text=True,
        env=os.environ | {"PYTHONPROFILEIMPORTTIME": "1"}, check=False,
    ).stderr  # fmt: skip
    assert "memcluster.node.process" in loaded
    for heavy in ("trio", "rich", "pymemcache", "uhashring", "asyncio"):
        assert f"| {heavy}\n" not in loaded.replace("  ", ""), heavy
