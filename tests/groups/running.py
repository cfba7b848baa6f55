"""`memcluster up` with one group, as processes of their own, and what tests do to them."""

import itertools
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from memcluster.cluster import control
from memcluster.errors import MemclusterError
from memcluster.redis import resp
from tests.cli.running import Up, are_gone, start_up
from tests.connection import WAIT_SECONDS, Address, Connection
from tests.servers import free_port, wait_for

HEAL_SECONDS = 60.0
NUMBERS = itertools.count()


@dataclass
class Group:
    """A group named `orders` and its supervisor, which may be killed and started again."""

    folder: Path
    settings: dict[str, object]
    up: Up
    ports: dict[str, int] = field(default_factory=dict)

    @property
    def address(self) -> Address:
        """The primary port."""
        return ("127.0.0.1", self.ports["port"])

    @property
    def reader(self) -> Address:
        return ("127.0.0.1", self.ports["reader_port"])

    @property
    def sentinel(self) -> Address:
        return ("127.0.0.1", self.ports["sentinel_port"])

    # --- what it says

    def ask(self, name: str, **parameters: object) -> list[Any]:
        """What its supervisor answers; nothing while there is none."""
        for path in (self.up.runtime / "memcluster").glob("cluster-*.sock"):
            try:
                return list(control.ask(path, name, WAIT_SECONDS, **parameters))
            except MemclusterError:
                return []
        return []

    def status(self) -> dict[str, Any]:
        found = self.ask("group.status")
        return found[0] if found else {"primary": None, "epoch": 0, "nodes": []}

    def events(self) -> list[dict[str, Any]]:
        return self.ask("group.events", last=1000)

    def nodes(self) -> dict[str, dict[str, Any]]:
        return {node["name"]: node for node in self.status()["nodes"]}

    def primary(self) -> str:
        """The primary's name, once there is one that serves."""

        def name() -> str | None:
            status = self.status()
            serves = any(node["name"] == status["primary"] and node["role"] == "primary" for node in status["nodes"])
            return status["primary"] if serves else None

        return str(wait_for(name, "a primary", HEAL_SECONDS))

    def process(self, name: str) -> psutil.Process:
        """A node's process."""
        row = next(row for row in self.up.processes() if row["name"] == name)
        return psutil.Process(int(str(row["pid"])))

    def node_address(self, name: str) -> Address:
        row = next(row for row in self.up.processes() if row["name"] == name)
        host, _, port = str(row["address"]).rpartition(":")
        return (host, int(port))

    def is_whole(self) -> bool:
        """Whether a primary serves and every other node follows it and is in sync."""
        status = self.status()
        roles = sorted(node["role"] for node in status["nodes"])
        follow = all(node["link"] == "up" for node in status["nodes"] if node["role"] == "replica")
        in_sync = all(node["is_in_sync"] for node in status["nodes"])
        return len(roles) > 0 and roles == ["primary"] + ["replica"] * (len(roles) - 1) and follow and in_sync

    def wait_until_whole(self) -> None:
        wait_for(self.is_whole, f"the group to be whole; {json.dumps(self.status())}", HEAL_SECONDS)

    # --- what is done to it

    def start(self) -> None:
        """Starts the supervisor, again if it was killed."""
        place = self.folder / f"up-{next(NUMBERS)}"
        place.mkdir()
        self.up = start_up(place, "--config", str(self.folder / "cluster.toml"))
        wait_for(self.up.is_serving, "the cluster to serve", HEAL_SECONDS)

    def kill_supervisor(self) -> list[psutil.Process]:
        """As kill -9 does it; the nodes, which end by themselves."""
        children = self.up.children()
        self.up.process.kill()
        self.up.process.wait(WAIT_SECONDS)
        return children

    def signal_supervisor(self, number: signal.Signals) -> None:
        self.up.process.send_signal(number)

    def said(self) -> str:
        return self.up.err.read_text()


@contextmanager
def running_group(folder: Path, **settings: object) -> Iterator[Group]:
    """A group that is whole, ended with everything that belongs to it."""
    ports = {name: free_port() for name in ("port", "reader_port", "sentinel_port")}
    wanted = {"replicas": 2, "dir": str(folder / "orders"), "io_threads": 2, **ports, **settings}
    lines = [f"{name} = {json.dumps(value)}" for name, value in wanted.items()]
    (folder / "cluster.toml").write_text("\n".join(["[group.orders]", *lines, ""]))
    group = Group(folder, wanted, up=None, ports=ports)  # type: ignore[arg-type]
    try:
        group.start()
        group.wait_until_whole()
        yield group
    finally:
        _end(group)


def _end(group: Group) -> None:
    if group.up is None or group.up.process.poll() is not None:
        return
    children = group.up.children()
    for child in children:
        with suppress(psutil.NoSuchProcess):
            child.send_signal(signal.SIGCONT)
    group.up.process.send_signal(signal.SIGCONT)
    group.up.process.terminate()
    group.up.process.wait(WAIT_SECONDS)
    wait_for(lambda: are_gone(children), "the nodes to end")


def ask(connection: Connection, *words: object) -> resp.Reply:
    """A request's reply, a refusal being one; OSError or TimeoutError if there is none."""
    connection.send(resp.encode(*(str(word) for word in words)))
    return receive(connection)


def receive(connection: Connection) -> resp.Reply:
    """The next reply."""
    while (found := resp.read(connection.received)) is None:
        if not connection.receive_more():
            raise TimeoutError("the server closed" if connection.is_ended else "nothing came")
    reply, end = found
    connection.received = connection.received[end:]
    return reply


def sentinel_master(address: Address) -> Address:
    """Where a client of Sentinel is sent."""
    with Connection(address) as connection:
        found = ask(connection, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "orders")
    if not found:
        raise ConnectionError("Sentinel knows no primary")
    host, port = found
    return (resp.text(host), int(port))
