"""`memcluster up`: a cluster that answers, heals, ends, and leaves nothing behind."""

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from pymemcache import Client
from pymemcache.exceptions import MemcacheError

from tests.cli.running import Up, are_gone, start_up, wait_until_serving
from tests.connection import WAIT_SECONDS
from tests.servers import START_SECONDS, free_port, wait_for


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    started = start_up(tmp_path, "--port", "0", "--nodes", "3", "--memory", "16m", "--threads", "1")
    try:
        yield wait_until_serving(started)
    finally:
        if started.process.poll() is None:
            children = started.children()
            started.process.kill()
            started.process.wait(WAIT_SECONDS)
            wait_for(lambda: are_gone(children), "the children to end")


def test_it_answers_and_says_where(up: Up) -> None:
    client = Client(up.address)
    assert client.set("greeting", "hello", noreply=False)
    assert client.get("greeting") == b"hello"
    client.close()
    wait_for(lambda: "set --port" in up.out.read_text(), "the table")
    assert len(up.processes()) == 4
    for row in up.processes():
        assert str(row["address"]) in up.out.read_text()


def test_every_node_knows_the_others(up: Up) -> None:
    nodes = [str(row["address"]) for row in up.processes()[1:]]
    expected = " ".join(f"127.0.0.1|127.0.0.1|{port}" for port in sorted(int(a.rpartition(":")[2]) for a in nodes))
    for address in nodes:
        client = Client(address)
        wait_for(
            lambda client=client: expected.encode() in client.raw_command(b"config get cluster", b"END\r\n"),  # type: ignore[misc]
            "config get cluster to list the nodes",
        )
        client.close()


def test_a_signal_drains_it_and_nothing_is_left(up: Up) -> None:
    children = up.children()
    assert len(children) == 4
    assert up.end(signal.SIGINT) == 0
    assert are_gone(children)
    assert up.record() is None
    assert "stopping: SIGINT" in up.err.read_text()


def test_children_end_when_the_supervisor_is_killed(up: Up) -> None:
    children = up.children()
    up.process.kill()
    up.process.wait(WAIT_SECONDS)
    wait_for(lambda: are_gone(children), "orphans to end by themselves")


def test_what_dies_is_started_again_at_its_place(up: Up) -> None:
    before = up.processes()
    for row in (before[1], before[0]):
        os.kill(int(str(row["pid"])), signal.SIGKILL)

        def is_back(name: object = row["name"]) -> bool:
            found = next(process for process in up.processes() if process["name"] == name)
            return found["restarts"] == 1 and found["state"] == "serving"

        wait_for(is_back, f"{row['name']} to serve again")
    assert [row["address"] for row in up.processes()] == [row["address"] for row in before]
    said = up.err.read_text()
    assert "node-1 ended by itself (signal SIGKILL): starting it again in 0.0 s" in said
    assert "node-1 serves again" in said
    client = Client(up.address)
    assert client.set("after", "all", noreply=False)
    client.close()


def kill_a_node(up: Up) -> dict[str, object]:
    row = up.processes()[1]
    os.kill(int(str(row["pid"])), signal.SIGKILL)
    return row


def wait_until_it_answers(address: object) -> None:
    def answers() -> bool:
        client = Client(str(address), timeout=1, connect_timeout=1)
        try:
            return bool(client.version())
        except (OSError, MemcacheError):
            return False
        finally:
            client.close()

    wait_for(answers, "the node to answer again")


def test_it_goes_on_when_its_record_cannot_be_written(up: Up) -> None:
    (record,) = (up.runtime / "memcluster").glob("cluster-*.json")
    in_the_way = record.with_suffix(".new")
    in_the_way.mkdir()
    row = kill_a_node(up)
    wait_for(lambda: f"{record}: Is a directory: verbs do not see how things are" in up.err.read_text(), "a warning")
    wait_until_it_answers(row["address"])
    in_the_way.rmdir()
    assert up.end() == 0


def test_it_goes_on_when_no_process_can_be_started(up: Up) -> None:
    wait_for(lambda: "set --port" in up.out.read_text(), "all that is opened for the table to be closed")
    limits = resource.prlimit(up.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(up.process.pid, resource.RLIMIT_NOFILE, (3, limits[1]))
    row = kill_a_node(up)
    wait_for(lambda: "node-1: no process can be started: Too many open files" in up.err.read_text(), "a warning")
    resource.prlimit(up.process.pid, resource.RLIMIT_NOFILE, limits)
    wait_until_it_answers(row["address"])
    assert up.end() == 0
    assert "Traceback" not in up.err.read_text()


def test_it_goes_on_when_nobody_reads_what_it_prints(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    environment = os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "memcluster", "up", "--port", "0", "--nodes", "1", "--threads", "1"]
    err = tmp_path / "err"
    with err.open("wb") as errors:
        process = subprocess.Popen(command, stdout=writing, stderr=errors, stdin=subprocess.DEVNULL, env=environment)
    os.close(writing)
    try:
        wait_for(lambda: "what runs where could not be printed: Broken pipe" in err.read_text(), "a warning")
        assert process.poll() is None
    finally:
        process.terminate()
        assert process.wait(WAIT_SECONDS) == 0


def test_it_drains_although_a_client_stays_connected(up: Up) -> None:
    host, _, port = up.address.rpartition(":")
    with socket.create_connection((host, int(port))):
        assert up.end() == 0


@pytest.mark.parametrize("signals", [1, 2])
def test_a_process_that_hangs_does_not_keep_it(tmp_path: Path, signals: int) -> None:
    """One signal: it is killed when its time is up. Two: at once, however long that time is."""
    patience = "200ms" if signals == 1 else "1h"
    started = start_up(tmp_path, "--port", "0", "--nodes", "1", "--threads", "1", "--drain-timeout", patience)
    wait_until_serving(started)
    children = started.children()
    os.kill(int(str(started.processes()[1]["pid"])), signal.SIGSTOP)
    started.process.send_signal(signal.SIGTERM)
    if signals == 2:
        wait_for(lambda: "stopping: SIGTERM" in started.err.read_text(), "the first signal to be heard")
        started.process.send_signal(signal.SIGTERM)
    assert started.process.wait(WAIT_SECONDS) == 0
    assert are_gone(children)
    assert ("it is killed" in started.err.read_text()) == (signals == 1)


def fails(folder: Path, *arguments: str) -> str:
    started = start_up(folder, *arguments)
    assert started.process.wait(WAIT_SECONDS) == 1
    assert not started.out.read_text()
    return started.err.read_text()


def test_a_port_in_use_is_named_with_its_holder(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        said = fails(tmp_path, "--port", str(port))
    assert said == (
        f"memcluster: port {port} of 127.0.0.1 is in use by {psutil.Process().name()} (pid {os.getpid()}): "
        "stop that, or give another port (--port)\n"
    )


def test_a_wrong_file_is_named_with_line_and_fix(tmp_path: Path) -> None:
    path = tmp_path / "cluster.toml"
    path.write_text('[cluster]\nport = 0\n\n[node]\nmemroy = "64m"\n')
    said = fails(tmp_path, "--config", str(path))
    assert said == f"memcluster: {path}:5: node.memroy: no such setting: did you mean memory?\n"


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ('placement = "nix"', "placement 'nix' is unknown: choose one of uhashring-ketama"),
        ('hash = "crc32"', "hash 'crc32' does not go with placement 'uhashring-ketama': choose one of md5"),
        ("replicas = 4", "replicas is 4, but there are 3 servers: add some or lower it"),
    ],
)
def test_a_pool_that_cannot_be_is_refused_before_anything_starts(tmp_path: Path, table: str, complaint: str) -> None:
    path = tmp_path / "cluster.toml"
    path.write_text(f"[cluster]\nport = 0\n[pool]\n{table}\n")
    said = fails(tmp_path, "--config", str(path))
    assert said.startswith(f"memcluster: {complaint}")
    assert "cannot be started" not in said


def test_a_second_cluster_at_the_same_port_of_another_address_is_refused(up: Up) -> None:
    port = up.address.rpartition(":")[2]
    said = up.run("up", "--listen", "127.0.0.2", "--port", port, "--nodes", "1")
    assert (said.returncode, said.stdout) == (1, "")
    assert f"has port {port} too, on another address: give another port (--port)" in said.stderr
    assert up.run_well("status", "--port", port)


def test_settings_come_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "cluster.toml"
    path.write_text('[cluster]\nport = 0\nnodes = 2\n[node]\nmemory = "32m"\nthreads = 1\n[pool]\ndown = "miss"\n')
    started = start_up(tmp_path, "--config", str(path), "--memory", "16m")
    try:
        wait_until_serving(started)
        nodes = started.processes()[1:]
        assert len(nodes) == 2
        client = Client(str(nodes[0]["address"]))
        assert client.stats()[b"limit_maxbytes"] == 16 << 20
        client.close()
    finally:
        assert started.end() == 0


def test_a_node_that_cannot_start_ends_it_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "cluster.toml"
    path.write_text('[cluster]\nport = 0\n[node]\nunix_socket = "/no/such/place"\n')
    started = start_up(tmp_path, "--config", str(path))
    assert started.process.wait(WAIT_SECONDS) == 1
    said = started.err.read_text()
    assert "/no/such/place" in said
    assert "cannot be started: it ended before it served; what it said stands above" in said
    assert "Traceback" not in said


def test_the_first_answer_comes_soon(tmp_path: Path) -> None:
    port = free_port()
    before = time.monotonic()
    started = start_up(tmp_path, "--port", str(port), "--threads", "1")

    def answers() -> bool:
        client = Client(f"127.0.0.1:{port}", timeout=1, connect_timeout=1)
        try:
            return bool(client.set("a", "b", noreply=False))
        except (OSError, MemcacheError):
            return False
        finally:
            client.close()

    try:
        wait_for(answers, "the first answer", START_SECONDS)
        # The aim is 1.5 s on an idle machine; this only notices when it becomes another order of magnitude.
        assert time.monotonic() - before < 15
    finally:
        assert started.end() == 0


def test_help_says_what_there_is() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "memcluster", "up", "--help"], capture_output=True, text=True, check=True
    )
    for flag in ("--nodes", "--port", "--memory", "--threads", "--config", "--placement", "--down"):
        assert flag in said.stdout
