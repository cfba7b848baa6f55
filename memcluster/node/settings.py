"""What a node can be told: a row a setting. Flags are memcached's where memcached has one."""

from __future__ import annotations

from typing import Annotated

from memcluster.config import Flag, Memory, Meta, Mode, Seconds, Settings, Size
from memcluster.errors import ConfigError

ITEM_SIZE_MIN = Size.parse("1k")
ITEM_SIZE_MAX = Size.parse("1g")

# The rows that a node and a proxy have alike.
Threads = Annotated[int, Flag("-t", "--threads", help="worker threads", metavar="NUM"), Meta(ge=1, le=1024)]
ClientsMemory = Annotated[
    Memory,
    Flag(
        "--clients-memory",
        help="memory for replies that clients have not read; above it, who has not read for longest is closed; "
        "0: no limit",
        metavar="SIZE",
    ),
]
CLIENTS_MEMORY = Memory.parse("512m")


class NodeSettings(Settings, frozen=True):
    """The section [node]."""

    port: Annotated[
        int, Flag("-p", "--port", help="TCP port; 0 takes a free one", metavar="NUM"), Meta(ge=0, le=65535)
    ] = 11211
    listen: Annotated[
        tuple[str, ...],
        Flag("-l", "--listen", help="addresses to listen on, HOST or HOST:PORT, comma separated", metavar="ADDR"),
    ] = ("127.0.0.1",)
    unix_socket: Annotated[
        str | None, Flag("-s", "--unix-socket", help="listen on this unix socket instead of TCP", metavar="FILE")
    ] = None
    unix_mask: Annotated[
        Mode, Flag("-a", "--unix-mask", help="access mode of the unix socket, octal", metavar="MASK")
    ] = Mode(0o700)
    threads: Threads = 4
    memory: Annotated[
        Memory,
        Flag(
            "-m", "--memory", "--memory-limit",
            help="memory for items and their index: 64 (mebibytes), 512m, 2g", metavar="SIZE",
        ),
    ] = Memory.parse("64m")  # fmt: skip
    item_size_max: Annotated[
        Size, Flag("-I", "--max-item-size", help="the largest item: 1m, 512k; 1k to 1g", metavar="SIZE")
    ] = Size.parse("1m")
    evict: Annotated[
        bool,
        Flag("-M", "--disable-evictions", help="answer an error when memory is full, evict nothing", value=False),
    ] = True
    connections_max: Annotated[
        int,
        Flag("-c", "--max-connections", "--conn-limit", help="the most connections at a time", metavar="NUM"),
        Meta(ge=1, le=1_000_000),
    ] = 1024
    clients_memory: ClientsMemory = CLIENTS_MEMORY
    backlog: Annotated[
        int,
        Flag("-b", "--listen-backlog", help="connections that may wait to be accepted", metavar="NUM"),
        Meta(ge=1, le=65535),
    ] = 1024
    requests_per_turn: Annotated[
        int,
        Flag(
            "-R", "--max-reqs-per-event",
            help="requests of one connection served before the others have their turn", metavar="NUM",
        ),
        Meta(ge=1, le=1_000_000),
    ] = 20  # fmt: skip
    idle_timeout: Annotated[
        Seconds, Flag("--idle-timeout", help="close a connection idle for so long; 0: never", metavar="TIME")
    ] = Seconds(0)
    allow_flush: Annotated[bool, Flag("-F", "--disable-flush-all", help="refuse flush_all", value=False)] = True
    allow_dump: Annotated[
        bool, Flag("-X", "--disable-dumping", help="refuse cachedump, stats detail and lru_crawler dumps", value=False)
    ] = True
    allow_watch: Annotated[bool, Flag("-W", "--disable-watch", help="refuse watch", value=False)] = True
    allow_shutdown: Annotated[
        bool, Flag("-A", "--enable-shutdown", help="let clients end the node with `shutdown`")
    ] = False
    detail: Annotated[
        bool, Flag("--stats-detail", help="count by key prefix from the start, as `stats detail on` does")
    ] = False
    verbosity: Annotated[
        int, Flag("-v", "--verbose", help="log more; -vv: also what clients send", counts=True), Meta(ge=0)
    ] = 0

    def check(self) -> None:
        """Refuses settings that cannot stand together."""
        if not ITEM_SIZE_MIN <= self.item_size_max <= ITEM_SIZE_MAX:
            raise ConfigError(
                f"item_size_max (-I) is {self.item_size_max}: it must be between {ITEM_SIZE_MIN} and {ITEM_SIZE_MAX}"
            )
        if self.item_size_max * 2 > self.memory:
            raise ConfigError(
                f"item_size_max (-I) is {self.item_size_max} and memory (-m) is {self.memory}: an item may take "
                f"at most half of the memory; give -m {Memory(self.item_size_max * 2)} or a smaller -I"
            )
        if not self.unix_socket and not self.listen:
            raise ConfigError("nothing to listen on: give listen (-l) an address, or unix_socket (-s) a file")


class ProcessSettings(Settings, frozen=True):
    """What the process around a server can be told."""

    daemon: Annotated[bool, Flag("-d", "--daemon", help="run in the background, once it serves")] = False
    pidfile: Annotated[
        str | None, Flag("-P", "--pidfile", help="write the process id to this file", metavar="FILE")
    ] = None
    user: Annotated[str | None, Flag("-u", "--user", help="become this user when started as root", metavar="NAME")] = (
        None
    )
    lock_memory: Annotated[bool, Flag("-k", "--lock-memory", help="keep all memory out of swap")] = False
    core_dumps: Annotated[bool, Flag("-r", "--enable-coredumps", help="allow core files of any size")] = False
