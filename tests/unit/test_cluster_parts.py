"""Ports, the record of what runs, discovery, counters and log lines."""

import io
import json
import logging
import os
import socket
from functools import partial
from pathlib import Path

import pytest
import trio

from memcluster.cluster import plan, record, supervisor
from memcluster.cluster.discovery import FIRST_VERSION, ClusterConfig
from memcluster.cluster.ports import Reservation, holder
from memcluster.cluster.rates import Look, between
from memcluster.cluster.settings import ClusterSettings
from memcluster.cluster.wire import parse_stats
from memcluster.errors import ConfigError, MemclusterError
from memcluster.log import Json, LogSettings, Text, configure


def test_a_port_is_reserved_once() -> None:
    with Reservation.take("127.0.0.1", 0) as reserved:
        with pytest.raises(ConfigError, match=f"port {reserved.port} of 127.0.0.1 is asked for twice"):
            Reservation.take("127.0.0.1", reserved.port)
        with Reservation.take_near("127.0.0.1", reserved.port) as other:
            assert other.port != reserved.port
    with Reservation.take("127.0.0.1", reserved.port):
        pass


def test_a_reserved_port_can_be_listened_on_by_who_asks_for_it() -> None:
    with Reservation.take("127.0.0.1", 0) as reserved, socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((reserved.host, reserved.port))
        server.listen()
        assert reserved.address == f"127.0.0.1:{reserved.port}"


def test_a_port_in_use_is_said_with_its_holder_and_the_fix() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(ConfigError) as caught:
            Reservation.take("127.0.0.1", port, "port (--port)")
        assert f"port {port} of 127.0.0.1 is in use by " in str(caught.value)
        assert f"(pid {os.getpid()}): stop that, or give another port (--port)" in str(caught.value)


def test_a_port_that_is_none_names_what_it_was_counted_from() -> None:
    with pytest.raises(ConfigError, match="port 65536 is above 65535: lower node_port, from which ports are counted"):
        Reservation.take("127.0.0.1", 65536, "node_port")


def test_nobody_holds_a_port_that_is_free() -> None:
    with Reservation.take("127.0.0.1", 0) as reserved:
        assert holder(reserved.port) is None


@pytest.mark.parametrize(
    ("host", "complaint"), [("192.0.2.1", "not an address of this host"), ("no.invalid", "no such")]
)
def test_an_address_that_is_not_ours(host: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        Reservation.take(host, 0)


def running(port: int, pid: int, ticks: int) -> record.Record:
    processes = tuple(
        record.Process(name, role, f"127.0.0.1:{port + number}", 1, "serving", 0)
        for number, (name, role) in enumerate([("proxy", "proxy"), ("node-1", "node")])
    )
    return record.Record(pid, ticks, port, 0.0, processes)


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def test_a_running_cluster_is_found(runtime: Path) -> None:
    ticks = record.process_ticks(os.getpid())
    assert ticks is not None
    with record.kept(5000) as path:
        record.write(path, running(5000, os.getpid(), ticks))
        found = record.find()
        assert found.proxy.address == "127.0.0.1:5000"
        assert [node.name for node in found.nodes] == ["node-1"]
        with pytest.raises(MemclusterError, match="no cluster runs at port 6000"):
            record.find(6000)
        with record.kept(5001) as second:
            record.write(second, running(5001, os.getpid(), ticks))
            with pytest.raises(MemclusterError, match="2 clusters run: choose one with --port"):
                record.find()
            assert record.find(5001).port == 5001
    assert not list((runtime / "memcluster").iterdir())


def test_what_a_killed_supervisor_left_is_removed(runtime: Path) -> None:
    ticks = record.process_ticks(os.getpid())
    assert ticks is not None
    record.write(record.directory() / "cluster-1.json", running(1, os.getpid(), ticks - 1))
    (record.directory() / "cluster-2.json").write_text("{broken")
    with pytest.raises(MemclusterError, match="no cluster runs: start one with `memcluster up`"):
        record.find()
    assert not list((runtime / "memcluster").iterdir())


def test_there_is_no_start_time_of_a_process_that_is_not() -> None:
    assert record.process_ticks(0) is None


def test_the_list_for_discovery_is_elasticaches() -> None:
    config = ClusterConfig(12, (("127.0.0.2", 11212), ("127.0.0.1", 11211)))
    assert config.payload == "12\n127.0.0.1|127.0.0.1|11211 127.0.0.2|127.0.0.2|11212\n"
    command = config.command
    assert command == b"config set cluster 0 55\r\n" + config.payload.encode() + b"\r\n"


async def test_a_node_that_is_held_up_is_given_the_list_when_it_answers(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(supervisor, "TELL_TIMEOUT_SECONDS", 0.05)
    asked: list[bytes] = []

    async def serve(stream: trio.SocketStream) -> None:
        asked.append(await stream.receive_some())
        if len(asked) == 1:
            await trio.sleep_forever()
        await stream.send_all(b"STORED\r\n")

    async with trio.open_nursery() as nursery:
        (listener,) = await nursery.start(partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
        port = listener.socket.getsockname()[1]
        part = supervisor.Part("node-1", plan.Role.NODE, "127.0.0.1", port, ())
        with trio.fail_after(10):
            await supervisor.Supervisor((part,), ClusterSettings(), lambda: None)._tell(part)
        nursery.cancel_scope.cancel()
    assert len(asked) > 1
    assert set(asked) == {ClusterConfig(FIRST_VERSION, (("127.0.0.1", port),)).command}
    assert "does not know the list" not in caplog.text


def look(at: float, **counters: float) -> Look:
    return Look(at, 1.0, counters)


def test_rates_are_differences_by_time() -> None:
    before = look(10, cmd_get=100, get_hits=90, get_misses=10, cmd_set=5)
    now = look(12, cmd_get=300, get_hits=240, get_misses=60, cmd_set=5, curr_items=7, bytes=50, limit_maxbytes=100)
    rates = between(before, now)
    assert rates is not None
    assert (rates.gets, rates.sets, rates.hit_ratio, rates.items) == (100.0, 0.0, 0.75, 7)


def test_rates_that_are_not_known() -> None:
    assert between(None, Look(1, 0, None)) is None
    first = between(None, look(1, cmd_get=5))
    assert first is not None
    assert first.gets is None
    restarted = between(look(1, cmd_get=5), look(2, cmd_get=1))
    assert restarted is not None
    assert restarted.gets is None
    idle = between(look(1, get_hits=5, get_misses=1), look(2, get_hits=5, get_misses=1))
    assert idle is not None
    assert idle.hit_ratio is None


def test_counters_are_read() -> None:
    assert parse_stats(b"STAT pid 5\r\nSTAT version 1.6\r\nSTAT x 1.5\r\nSTAT y a b\r\nEND\r\n") == {
        "pid": 5.0, "version": 1.6, "x": 1.5,
    }  # fmt: skip


def test_log_lines() -> None:
    made = logging.LogRecord("x", logging.WARNING, "f", 1, "hello %s", ("you",), None)
    made.created, made.msecs = 0.25, 250.0
    assert Text("node 5%").format(made).endswith("WARNING node 5%: hello you")
    assert json.loads(Json("node 5").format(made)) == {
        "time": "1970-01-01T00:00:00.250Z", "level": "warning", "who": "node 5", "message": "hello you",
    }  # fmt: skip


def test_logging_goes_to_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    monkeypatch.setattr("sys.stderr", stream)
    try:
        root.handlers = []
        configure(LogSettings(format="json", level="warning"), "me")
        logging.getLogger("a").info("no")
        logging.getLogger("a").warning("yes")
    finally:
        root.handlers, root.level = before
    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["yes"]
