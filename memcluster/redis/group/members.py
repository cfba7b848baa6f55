"""A group's nodes as processes: their names and zones, their ports, their folders, and the command line of each.

DIR/lock            held by the supervisor and all its nodes: nobody else's nodes write here meanwhile
DIR/group.db        the group's state store
DIR/seed.rdb        what a group without data begins with, if a snapshot was restored into it
DIR/NODE/node.conf  the node's directives, its owner's alone: passwords are on no command line
DIR/NODE/           the node's data
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from msgspec.structs import replace

from memcluster.cluster.plan import Role
from memcluster.cluster.ports import Reservation
from memcluster.cluster.supervisor import Part
from memcluster.errors import ConfigError
from memcluster.redis.group.state import NodeConfig

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import ExitStack

    from memcluster.log import LogSettings
    from memcluster.redis.group.table import GroupTable

log = logging.getLogger(__name__)

SEED = "seed.rdb"
FOLDER_MODE = 0o700
"""What users keep there is nobody else's to read."""
ZONES = ("a", "b", "c")
"""Where none are named."""
LOCK_SECONDS_MAX = 15.0
"""How long nodes of a supervisor that was killed may take to end."""
LOCK_LOOK_SECONDS = 0.01
SENTINEL_ABOVE = 20_000


@dataclass(frozen=True)
class Ports:
    """A group's ports, kept for it."""

    primary: Reservation
    reader: Reservation
    sentinel: Reservation
    nodes: tuple[Reservation, ...]

    @property
    def addresses(self) -> dict[str, str]:
        """Those that clients know."""
        return {"primary": self.primary.address, "reader": self.reader.address, "sentinel": self.sentinel.address}

    @classmethod
    def take(cls, table: GroupTable, held: ExitStack) -> Self:
        """Reserves them all; ConfigError says who has one that was asked for."""
        places = table.places
        host, port = places.host, places.port

        def take(wanted: int, setting: str) -> Reservation:
            return held.enter_context(Reservation.take(host, wanted, f"{setting} in [group.{table.name}]"))

        def near(wanted: int | None, setting: str, default: int) -> Reservation:
            if wanted is not None:
                return take(wanted, setting)
            return held.enter_context(Reservation.take_near(host, default if port else 0))

        primary = take(port, "port")
        reader = near(places.reader_port, "reader_port", port + 1)
        sentinel = near(places.sentinel_port, "sentinel_port", port + SENTINEL_ABOVE)
        first = places.node_port
        count = table.settings.replicas + 1
        wanted = [None if first is None else first and first + place for place in range(count)]
        nodes = tuple(near(each, "node_port", port + 2 + place) for place, each in enumerate(wanted))
        return cls(primary, reader, sentinel, nodes)


def place(table: GroupTable) -> Path:
    """Where the group's folder is."""
    return Path(table.places.dir or table.name).absolute()


def has_data(path: Path) -> bool:
    """Whether a node of a group in this folder has ever written any."""
    return any(path.glob("*/appendonlydir"))


@contextmanager
def folder(table: GroupTable) -> Iterator[tuple[Path, int]]:
    """The group's folder and the lock on it; ConfigError if another supervisor's nodes run there."""
    path = place(table)
    try:
        path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigError(f"[group.{table.name}]: dir {path}: {error.strerror}: name a folder of yours") from None
    try:
        _wait_for_lock(lock, path, table.name)
        yield path, lock
    finally:
        os.close(lock)


def _wait_for_lock(lock: int, path: Path, name: str) -> None:
    """Nodes end soon after their supervisor; the lock is theirs until the last has."""
    deadline = time.monotonic() + LOCK_SECONDS_MAX
    has_said = False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise ConfigError(
                    f"[group.{name}]: dir {path}: another supervisor's nodes run there: stop it, or give another dir"
                ) from None
            if not has_said:
                log.info("%s: nodes of another supervisor run in %s: waiting for their end", name, path)
                has_said = True
            time.sleep(LOCK_LOOK_SECONDS)
        else:
            return


def nodes(table: GroupTable, ports: Ports) -> tuple[NodeConfig, ...]:
    """The nodes that are wanted: the first is primary of a group that has never been up."""
    zones = table.settings.zones or ZONES
    return tuple(
        NodeConfig(f"{table.name}-{number}", place.host, place.port, zones[(number - 1) % len(zones)])
        for number, place in enumerate(ports.nodes, 1)
    )


def group_of(node: str) -> str:
    """The name of the group that a node of this name belongs to: the reverse of what `nodes` calls it."""
    group, _, number = node.rpartition("-")
    return group if group and number.isdecimal() else node


def leaving(before: Iterable[NodeConfig], wanted: Iterable[NodeConfig], held: ExitStack) -> Iterator[NodeConfig]:
    """Nodes that were wanted before and are no longer: they run until nothing depends on them any more."""
    kept = {node.name for node in wanted}
    for node in before:
        if node.name not in kept:
            place = held.enter_context(Reservation.take_near(node.host, node.port))
            yield replace(node, port=place.port, is_leaving=True)


def parts(table: GroupTable, wanted: tuple[NodeConfig, ...], path: Path, lock: int, log: LogSettings) -> list[Part]:
    """Their processes."""
    is_loud = log.level == "debug" or any(given.name == "loglevel" for given in table.directives)
    same = ("--log-format", log.format, *(() if is_loud else ("--loglevel", "warning")), *_seed(table, path))
    return [_part(table, node, path / node.name, lock, same) for node in wanted]


def _seed(table: GroupTable, path: Path) -> tuple[str, ...]:
    """What a group without data begins with. Each node loads it: whichever becomes primary has it."""
    restored = path / SEED
    if not (table.places.seed or restored.exists()) or has_data(path):
        return ()
    seed = Path(table.places.seed).absolute() if table.places.seed else restored
    if not seed.is_file():
        raise ConfigError(f"[group.{table.name}]: seed {seed}: there is no such file: name an RDB file")
    return ("--seed", str(seed))


def _part(table: GroupTable, node: NodeConfig, path: Path, lock: int, same: tuple[str, ...]) -> Part:
    path.mkdir(mode=FOLDER_MODE, exist_ok=True)
    conf = path / "node.conf"
    conf.touch(mode=0o600)
    conf.write_text(configuration(table, node), encoding="utf-8", errors="surrogateescape")
    own = ("--port", str(node.port), "--dir", str(path), "--memc-name", node.name)
    return Part(
        node.name,
        Role.REDIS,
        node.host,
        node.port,
        ("redis", str(conf), *own, *same),
        holds=(lock,),
        start_timeout=float(table.places.load_timeout),
    )


def configuration(table: GroupTable, node: NodeConfig) -> str:
    """A node's redis.conf: what a group wants of it, then what its table says, which wins."""
    login = table.login
    own = [("bind", (node.host,)), ("appendonly", ("yes",))]
    if login.password is not None:
        own.append(("masterauth", (login.password,)))
    lines = [*own, *((given.name, given.words) for given in table.directives)]
    return "".join(f"{name} {' '.join(_quoted(word) for word in words)}\n" for name, words in lines)


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'
