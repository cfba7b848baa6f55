"""The typed face of the Rust engine: settings in, counters and verbs out. stubtest keeps it true."""

from collections.abc import Sequence
from os import PathLike
from typing import final

__all__ = [
    "LoadProgress",
    "LogReport",
    "Node",
    "RdbReport",
    "RedisNode",
    "Relay",
    "Router",
    "check_log",
    "check_rdb",
    "check_redis_directives",
    "hash_key",
    "load_floor",
    "load_replay",
    "load_run",
    "locate",
    "read_manifest",
    "redis_directives",
]

@final
class Node:
    """One memcached node: sockets bound on construction, served by Rust threads from `start` on."""

    def __new__(
        cls,
        *,
        listen: Sequence[str] = ...,
        unix_socket: str | None = None,
        unix_mask: int = 0o700,
        threads: int = 4,
        memory_bytes: int = ...,
        item_size_max_bytes: int = ...,
        connections_max: int = 1024,
        clients_memory_bytes: int = ...,
        backlog: int = 1024,
        requests_per_turn: int = 20,
        evict: bool = True,
        idle_timeout_seconds: int = 0,
        allow_flush: bool = True,
        allow_dump: bool = True,
        allow_watch: bool = True,
        allow_shutdown: bool = False,
        detail: bool = False,
        verbosity: int = 0,
        version: str = ...,
    ) -> Node: ...
    @property
    def addresses(self) -> list[str]:
        """Where it listens, ports filled in: `host:port`, then the unix socket's path."""
    def start(self) -> None: ...
    def stop(self, timeout_seconds: float = 5.0) -> None:
        """Stops accepting, lets what is begun end, closes the rest at the timeout, joins the threads."""
    def stats(self, group: str = "") -> list[tuple[str, str]]:
        """What the `stats` command with this argument says."""
    def set_cluster_config(self, version: int, payload: str) -> None:
        """What `config get cluster` answers from now on."""
    def stopped_fd(self) -> int:
        """Becomes readable when a client's `shutdown` (or a broken worker) ended the node."""
    def failure(self) -> str | None:
        """Why the node ended by itself, if it did."""

@final
class RedisNode:
    """One Redis-mode node: sockets bound on construction, served by Rust threads from `start` on."""

    def __new__(
        cls,
        *,
        listen: Sequence[str] = ...,
        unix_socket: str | None = None,
        unix_mask: int = 0o700,
        threads: int = 4,
        connections_max: int = 10000,
        backlog: int = 511,
        idle_timeout_seconds: int = 0,
        databases: int = 16,
        load: str | PathLike[str] | None = None,
        seed: str | PathLike[str] | None = None,
        config: Sequence[tuple[str, str]] = ...,
    ) -> RedisNode:
        """`config` has directives of redis.conf; ValueError begins with the name of the one that cannot be."""
    @property
    def addresses(self) -> list[str]:
        """Where it listens, ports filled in: `host:port`, then the unix socket's path."""
    def start(self) -> str | None:
        """Starts the threads and loads the data that there is; ValueError says which file is wrong, and where.

        Returns what somebody should be told of what was loaded.
        """
    def stop(self, timeout_seconds: float = 5.0) -> None:
        """Lets what is begun end, closes the rest at the timeout, then saves; RuntimeError if that fails."""
    def info(self, section: str = "") -> list[tuple[str, str]]:
        """What `INFO` says about this section, by default about the usual ones."""
    def stopped_fd(self) -> int:
        """Becomes readable when a client's `SHUTDOWN` (or a broken worker) ended the node."""
    def failure(self) -> str | None:
        """Why the node ended by itself, if it did."""

@final
class RdbReport:
    """What an RDB file holds, up to its end or to where it is broken."""

    @property
    def version(self) -> int: ...
    @property
    def is_valkey(self) -> bool: ...
    @property
    def aux(self) -> list[tuple[str, str]]: ...
    @property
    def keys(self) -> list[tuple[int, str, int]]:
        """Database, kind, how many."""
    @property
    def expiring(self) -> list[tuple[int, int]]:
        """Database, how many of its keys expire."""
    @property
    def passed(self) -> list[tuple[str, int]]:
        """What is no key and is passed over, and how often."""
    @property
    def checksum(self) -> str | None: ...
    @property
    def bytes(self) -> int: ...
    @property
    def wrong(self) -> str | None: ...

def check_rdb(path: str | PathLike[str]) -> RdbReport:
    """Reads the file at this path to its end; OSError if it cannot be opened."""

@final
class LogReport:
    """What one file of an append-only log holds, up to its end or to where it is broken."""

    @property
    def bytes(self) -> int: ...
    @property
    def snapshot(self) -> RdbReport | None:
        """What the snapshot that it begins with holds, if it does."""
    @property
    def commands(self) -> int: ...
    @property
    def marks(self) -> int: ...
    @property
    def unmarked(self) -> int:
        """Bytes of whole commands behind the last mark."""
    @property
    def position(self) -> tuple[str, int, int] | None:
        """The stream's name, the offset in it and the epoch at the last mark."""
    @property
    def wrong(self) -> str | None: ...

def check_log(path: str | PathLike[str]) -> LogReport:
    """Reads the file at this path to its end; OSError if it cannot be opened."""

def read_manifest(path: str | PathLike[str]) -> list[str]:
    """The files that a log's manifest names, in the order in which they are read; ValueError says what is wrong."""

def check_redis_directives(config: Sequence[tuple[str, str]]) -> None:
    """That the engine takes directives of redis.conf; ValueError begins with the name of the one that cannot be."""

def redis_directives() -> list[tuple[str, str, str, str]]:
    """Redis's directives that the engine serves: name, former name, default, and why it takes no other value."""

@final
class Relay:
    """One TCP address before servers that come and go: Rust threads move the bytes, `point` says to whom."""

    def __new__(
        cls,
        *,
        listen: str = ...,
        threads: int = 2,
        connections_max: int = 10000,
        backlog: int = 1024,
        buffer_max_bytes: int = ...,
        wait_seconds: float = 3.0,
        connect_timeout_seconds: float = 1.0,
        linger_seconds: float = 2.0,
    ) -> Relay: ...
    @property
    def address(self) -> str:
        """Where it listens, the port filled in."""
    def start(self) -> None: ...
    def stop(self) -> None:
        """Closes everything and joins the threads."""
    def point(self, targets: Sequence[str]) -> None:
        """Relays to these from now on, to the least connected of several; connections to others are closed at once."""
    def targets(self) -> list[tuple[str, int]]:
        """Where it points, and how many connections lead to each."""
    def stats(self) -> list[tuple[str, int]]:
        """Its counters by name."""
    def failure(self) -> str | None:
        """Why it ended by itself, if it did."""

@final
class Router:
    """The proxy's data path. What to route where arrives as a topology, JSON (see native/router/src/topology.rs)."""

    def __new__(
        cls,
        *,
        listen: Sequence[str] = ...,
        unix_socket: str | None = None,
        unix_mask: int = 0o700,
        threads: int = 4,
        connections_max: int = 10000,
        clients_memory_bytes: int = ...,
        backlog: int = 1024,
        item_size_max_bytes: int = ...,
        idle_timeout_seconds: int = 0,
        version: str = ...,
        topology: str,
    ) -> Router: ...
    @property
    def addresses(self) -> list[str]: ...
    def start(self) -> None: ...
    def stop(self, timeout_seconds: float = 5.0) -> None: ...
    def install(self, topology: str) -> None:
        """Replaces the topology; requests under way end under the old one. ValueError says what is wrong in it."""
    def nodes(self) -> str:
        """JSON: a row a node, with state, failures in a row and counters."""
    def stats(self, group: str = "") -> list[tuple[str, str]]: ...
    def set_node_state(self, name: str, is_up: bool) -> None:
        """A probe's verdict. Going down by failures is the router's own doing."""
    def changes_fd(self) -> int:
        """Becomes readable when a node went down (read 8 bytes to rearm)."""
    def set_cluster_config(self, version: int, payload: str) -> None: ...
    def failure(self) -> str | None:
        """Why the router ended by itself, if it did."""

def locate(topology: str, key: bytes) -> tuple[str, list[str]]:
    """The pool's name and the names of the nodes that hold this key, first choice first, as the router decides it."""

def hash_key(name: str, key: bytes) -> int:
    """One of the router's key hashes by name: md5, fnv1a_64, …"""

@final
class LoadProgress:
    """A run that is under way, seen from another thread."""

    def __new__(cls) -> LoadProgress: ...
    def counters(self) -> tuple[int, int, int, int]:
        """So far, over all runs this was given to: requests, faults, keys asked for by gets, values found."""

    def stop(self) -> None:
        """The run sends nothing new and ends."""

def load_run(settings: str, progress: LoadProgress | None = None) -> str:
    """Runs the load generator: settings (native/load/src/settings.rs) and report (report.rs) are JSON objects."""

def load_replay(settings: str) -> str:
    """Replays recorded accesses cache-aside: settings and report as in native/load/src/trace.rs, JSON objects."""

def load_floor(listen: str, value_bytes: int) -> None:
    """Serves on `host:port` until the process ends, answering like memcached with no store."""
