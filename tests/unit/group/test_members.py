"""A group's nodes as processes: their files, their ports, and the lock that keeps two supervisors apart."""

import fcntl
import os
import socket
import stat
import subprocess
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given, strategies

from memcluster.errors import ConfigError
from memcluster.log import LogSettings
from memcluster.redis.configuration import read_text
from memcluster.redis.group import members
from memcluster.redis.group.members import Ports
from memcluster.redis.group.table import GroupTable, read
from tests.servers import wait_for


def table(folder: Path, **words: object) -> GroupTable:
    return read("orders", {"port": 0, "dir": str(folder), "replicas": 2, **words}, {})


def made(folder: Path, **words: object) -> list[tuple[str, ...]]:
    wanted = table(folder, **words)
    with ExitStack() as held:
        path, lock = held.enter_context(members.folder(wanted))
        nodes = members.nodes(wanted, Ports.take(wanted, held))
        assert [node.zone for node in nodes] == ["a", "b", "c"]
        return [part.arguments for part in members.parts(wanted, nodes, path, lock, LogSettings())]


def test_a_password_is_in_a_file_of_the_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "orders"
    arguments = made(folder, requirepass="a secret")
    assert len(arguments) == 3
    assert not any("a secret" in word for words in arguments for word in words)
    conf = folder / "orders-1" / "node.conf"
    assert stat.S_IMODE(conf.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    found = {given.name: given.value for given in read_text(conf.read_text(), "node.conf")}
    assert found == {
        "bind": "127.0.0.1", "appendonly": "yes", "requirepass": "a secret", "masterauth": "a secret",
    }  # fmt: skip


@given(strategies.text(strategies.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1))
def test_a_directive_comes_out_as_it_went_in(word: str) -> None:
    wanted = read("orders", {"requirepass": word}, {})
    node = members.NodeConfig("orders-1", "127.0.0.1", 7000)
    text = members.configuration(wanted, node)
    assert [given.value for given in read_text(text, "x") if given.name == "requirepass"] == [word]


def test_a_nodes_group_is_told_by_its_name(tmp_path: Path) -> None:
    for name in ("orders", "orders-2024", "a-b"):
        wanted = read(name, {"port": 0, "dir": str(tmp_path), "replicas": 1}, {})
        with ExitStack() as held:
            nodes = members.nodes(wanted, Ports.take(wanted, held))
            assert {members.group_of(node.name) for node in nodes} == {name}
    assert [members.group_of(name) for name in ("", "cache", "a-b", "-1")] == ["", "cache", "a-b", "-1"]


def test_a_seed_is_for_a_group_without_data(tmp_path: Path) -> None:
    folder, seed = tmp_path / "orders", tmp_path / "seed.rdb"
    with pytest.raises(ConfigError, match=r"seed .*seed\.rdb: there is no such file"):
        made(folder, seed=str(seed))
    seed.touch()
    assert all(words[-2:] == ("--seed", str(seed)) for words in made(folder, seed=str(seed)))
    (folder / "orders-2" / "appendonlydir").mkdir()
    assert not any("--seed" in words for words in made(folder, seed=str(seed)))


def test_a_folder_waits_for_the_last_process_that_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = table(tmp_path / "orders")
    with members.folder(wanted) as (_, lock):
        orphan = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=(lock,))
    got = threading.Event()

    def take() -> None:
        with members.folder(wanted):
            got.set()

    caplog.set_level("INFO")
    thread = threading.Thread(target=take)
    thread.start()
    wait_for(lambda: "nodes of another supervisor run in" in caplog.text, "a word about the wait")
    assert not got.is_set()
    orphan.communicate()
    wait_for(got.is_set, "the lock")
    thread.join()
    with members.folder(wanted):
        monkeypatch.setattr(members, "LOCK_SECONDS_MAX", 0.0)
        with pytest.raises(ConfigError, match="another supervisor's nodes run there"), members.folder(wanted):
            pass


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    complaint = r"\[group\.orders\]: dir .*file/orders: Not a directory"
    with pytest.raises(ConfigError, match=complaint), members.folder(table(tmp_path / "file" / "orders")):
        pass


def test_ports_follow_the_one_that_was_asked_for(tmp_path: Path) -> None:
    with ExitStack() as held:
        ports = Ports.take(table(tmp_path), held)
        everything = [ports.primary, ports.reader, ports.sentinel, *ports.nodes]
        assert len({place.port for place in everything}) == 6
        with pytest.raises(ConfigError, match="in use"):
            Ports.take(read("orders", {"port": 0, "sentinel_port": _listening(held)}, {}), held)


def _listening(held: ExitStack) -> int:
    server = held.enter_context(socket.create_server(("127.0.0.1", 0)))
    return int(server.getsockname()[1])


def test_the_lock_is_one_that_children_inherit(tmp_path: Path) -> None:
    with members.folder(table(tmp_path)) as (path, lock):
        other = os.open(path / "lock", os.O_RDWR)
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(other)
        assert not os.get_inheritable(lock), "only who is handed it gets it"
