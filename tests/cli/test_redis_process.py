"""`memcluster redis` as a process: redis-server's command line, signals, the background, what it prints."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.connection import WAIT_SECONDS, ask
from tests.servers import Server, accepts, free_port, memcluster, start_redis_mode, wait_for

Keep = Callable[[Server], Server]


def run_redis(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = memcluster("redis", *arguments)
    return subprocess.run(command, capture_output=True, text=True, timeout=WAIT_SECONDS, check=False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well(started: Keep, number: signal.Signals) -> None:
    server = started(start_redis_mode("--threads", "1"))
    wait_for(lambda: ask(server.address, b"PING\r\n") == b"+PONG\r\n", "an answer when its data are loaded")
    wait_for(lambda: "listening" in server.says(), "its process to say that it listens")
    server.signal(number)
    assert server.process.wait(WAIT_SECONDS) == 0
    assert [line.partition(": ")[2] for line in server.says().splitlines()] == [
        f"listening on {server.endpoint}",
        f"stopping: {number.name}",
    ]


def test_a_file_then_directives(started: Keep, tmp_path: Path) -> None:
    path = tmp_path / "redis.conf"
    path.write_text(f'port 1\nunixsocket "{tmp_path}/socket"\ntcp-keepalive 60\nlog-format json\ntimeout 0\n')
    server = started(_with_file(path))
    socket = str(tmp_path / "socket")
    wait_for(lambda: accepts(socket), "its socket, which comes after its port")
    wait_for(lambda: ask(socket, b"PING\r\n") == b"+PONG\r\n", "an answer when its data are loaded")
    # Its threads can answer before its process has written that it listens.
    wait_for(lambda: server.says().count("\n") == 2, "both lines of its log")
    lines = [json.loads(line) for line in server.says().splitlines()]
    assert lines[0]["message"].startswith(f"{path}:3: tcp-keepalive 60 is ignored: ")
    assert lines[1]["message"] == f"listening on {server.endpoint}, {socket}"


def _with_file(path: Path) -> Server:
    from tests.servers import start

    return start("redis-mode", lambda port: memcluster("redis", str(path), "--port", str(port)))


def test_it_listens_on_the_loopback_address_unless_told_otherwise(started: Keep) -> None:
    server = started(start_redis_mode("--threads", "1"))
    listening = [c for c in psutil.Process(server.process.pid).net_connections() if c.status == "LISTEN"]
    assert {connection.laddr.ip for connection in listening} == {"127.0.0.1"}


def test_in_the_background(tmp_path: Path) -> None:
    files = {"pidfile": tmp_path / "pid", "logfile": tmp_path / "log"}
    words = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    port = free_port()
    assert run_redis("--port", str(port), "--daemonize", "yes", "--dir", str(tmp_path), *words).returncode == 0
    daemon = psutil.Process(int(files["pidfile"].read_text()))
    try:
        assert ask(("127.0.0.1", port), b"PING\r\n") == b"+PONG\r\n"
        assert daemon.cwd() == str(tmp_path)
    finally:
        daemon.send_signal(signal.SIGTERM)
        wait_for(lambda: not files["pidfile"].exists(), "the daemon's end")
    assert files["logfile"].read_text().endswith("stopping: SIGTERM\n")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--prot", "7000"], "the command line: prot: Redis knows no such directive: did you mean port?"),
        (["--tls-port", "6380"], "the command line: tls-port 6380 is refused: "),
        (["/none/such.conf"], "/none/such.conf: No such file or directory: name a file that can be read"),
        (["--dir", "/none/such"], "dir /none/such: No such file or directory: name a directory that there is"),
        (["--port", "0", "--bind", "192.0.2.1"], "is not one of this host's; give another with --bind"),
    ],
)
def test_what_cannot_be_is_one_line(arguments: list[str], complaint: str) -> None:
    ended = run_redis(*arguments)
    assert ended.returncode == 1
    assert complaint in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_file_to_load_that_is_not_there_is_named_before_what_would_be_in_its_way(tmp_path: Path) -> None:
    (tmp_path / "dump.rdb").write_bytes(b"")
    ended = run_redis("--port", str(free_port()), "--dir", str(tmp_path), "--load", str(tmp_path / "nope.rdb"))
    assert ended.returncode == 1
    assert ended.stderr.endswith(
        f"{tmp_path}/nope.rdb: No such file or directory (os error 2): name an RDB file that there is with --load\n"
    )
    assert "dump.rdb" not in ended.stderr


def test_a_port_in_use(started: Keep) -> None:
    server = started(start_redis_mode("--threads", "1"))
    ended = run_redis("--port", str(server.port))
    assert "another server has it; stop that, or give another with --port" in ended.stderr


def test_help_and_version() -> None:
    assert "--maxmemory-policy" in run_redis("--help").stdout
    assert run_redis("--version").stdout.startswith("memcluster ")


def test_the_environment(started: Keep, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(os.environ, "MEMCLUSTER_REDIS_UNIXSOCKET", str(tmp_path / "socket"))
    started(start_redis_mode("--threads", "1"))
    wait_for(lambda: accepts(str(tmp_path / "socket")), "its socket, which comes after its port")
    wait_for(lambda: ask(str(tmp_path / "socket"), b"PING\r\n") == b"+PONG\r\n", "an answer when its data are loaded")
