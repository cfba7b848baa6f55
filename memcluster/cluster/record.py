"""What runs where, for the verbs that talk to a running cluster: a file a cluster in the user's runtime directory.

A record names its supervisor by process id and start time, so that one left by a killed supervisor is known as dead
even when its id is another process's by now.
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from memcluster.errors import ConfigError, MemclusterError

if TYPE_CHECKING:
    from collections.abc import Iterator

OR_SERVER = "give --server HOST:PORT"
NO_GROUP = "this cluster has no group: give the file of `memcluster up` a table [group.NAME]"


class Process(msgspec.Struct, frozen=True):
    """One process of a cluster."""

    name: str
    role: str
    address: str
    pid: int | None
    state: str
    restarts: int


class Group(msgspec.Struct, frozen=True):
    """A Redis-mode group of a cluster, and the ports that its clients know."""

    name: str
    primary: str
    reader: str
    sentinel: str


class Record(msgspec.Struct, frozen=True):
    """A running cluster. `port`: its proxy's, or the first that its clients know.

    `pid_ticks`: when its supervisor started, as the kernel counts; `started`: Unix time.
    """

    pid: int
    pid_ticks: int
    port: int
    started: float
    processes: tuple[Process, ...]
    groups: tuple[Group, ...] = ()
    pool: dict[str, str] = {}
    """How its proxy places keys and treats nodes: the settings that are no defaults, as text."""

    @property
    def proxy(self) -> Process:
        """The process that memcached's clients talk to."""
        found = next((process for process in self.processes if process.role == "proxy"), None)
        if found is None:
            raise MemclusterError(f"the cluster at port {self.port} has no memcached nodes: name one with --server")
        return found

    @property
    def nodes(self) -> list[Process]:
        """The nodes behind it, and those of Redis mode."""
        return [process for process in self.processes if process.role in ("node", "redis")]


def directory() -> Path:
    """Where records stand: $XDG_RUNTIME_DIR/memcluster, or a directory of this user's own beneath the temporary one."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    path = Path(runtime) / "memcluster" if runtime else Path(tempfile.gettempdir()) / f"memcluster-{os.getuid()}"
    try:
        path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}: set XDG_RUNTIME_DIR to a directory of yours") from None
    if path.stat().st_uid != os.getuid():
        raise ConfigError(f"{path} belongs to another user: set XDG_RUNTIME_DIR to a directory of yours")
    return path


@contextmanager
def kept(port: int) -> Iterator[Path]:
    """Where the record of the cluster at this port is to be written; the file is removed at the end.

    ConfigError if another cluster has the port, on another address of this host: verbs find one by its port alone.
    """
    path = directory() / f"cluster-{port}.json"
    other = next((each for each in running() if each.port == port), None)
    if other is not None:
        raise ConfigError(
            f"the cluster of process {other.pid} has port {port} too, on another address: give another port (--port), "
            "or set XDG_RUNTIME_DIR to another directory"
        )
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def control_path(port: int) -> Path:
    """Where the supervisor of the cluster at this port can be asked: the socket beside its record."""
    return directory() / f"cluster-{port}.sock"


def write(path: Path, record: Record) -> None:
    """Puts the record in place, whole or not at all."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(record))
    fresh.replace(path)


def running() -> list[Record]:
    """The clusters that run now, the newest first. What dead ones left is removed."""
    found: list[Record] = []
    for path in directory().glob("cluster-*.json"):
        record = _read(path)
        if record and process_ticks(record.pid) == record.pid_ticks:
            found.append(record)
        else:
            path.unlink(missing_ok=True)
            path.with_suffix(".sock").unlink(missing_ok=True)
    return sorted(found, key=lambda record: -record.started)


def find(port: int | None = None, instead: str = "") -> Record:
    """The running cluster, or the one of this port; `instead`: what else than starting one would do."""
    records = [record for record in running() if port in (None, record.port)]
    if not records:
        which = f" at port {port}" if port else ""
        raise MemclusterError(f"no cluster runs{which}: start one with `memcluster up`{instead and ', or ' + instead}")
    if len(records) > 1:
        ports = ", ".join(str(record.port) for record in records)
        raise MemclusterError(f"{len(records)} clusters run: choose one with --port: {ports}")
    return records[0]


def age_seconds(record: Record) -> float:
    """How long it has been up."""
    return max(0.0, time.time() - record.started)


def process_ticks(pid: int) -> int | None:
    """When a process started, in the kernel's ticks since boot; None if there is none of this id."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name, in parentheses, may hold anything: count the fields behind it.
    return int(stat.rpartition(")")[2].split()[19])


def _read(path: Path) -> Record | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except (OSError, msgspec.DecodeError):
        return None
