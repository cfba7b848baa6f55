"""What a proxy can be told: a row a setting. Knows no file and no network."""

from __future__ import annotations

from typing import Annotated, Literal

from memcluster.config import Flag, Meta, Mode, Seconds, Settings, Size
from memcluster.errors import ConfigError
from memcluster.node.settings import CLIENTS_MEMORY, ClientsMemory, Threads


class ProxySettings(Settings, frozen=True):
    """The section [proxy]: what the process does for all pools."""

    listen: Annotated[
        tuple[str, ...],
        Flag("-l", "--listen", help="addresses to listen on, HOST:PORT, comma separated", metavar="ADDR"),
    ] = ("127.0.0.1:11211",)
    unix_socket: Annotated[str | None, Flag("--unix-socket", help="listen on this unix socket too", metavar="FILE")] = (
        None
    )
    unix_mask: Annotated[Mode, Flag("--unix-mask", help="access mode of the unix socket, octal", metavar="MASK")] = (
        Mode(0o700)
    )
    threads: Threads = 4
    connections_max: Annotated[
        int,
        Flag("-c", "--max-connections", help="the most client connections at a time", metavar="NUM"),
        Meta(ge=1, le=1_000_000),
    ] = 10_000
    clients_memory: ClientsMemory = CLIENTS_MEMORY
    backlog: Annotated[
        int,
        Flag("--listen-backlog", help="connections that may wait to be accepted", metavar="NUM"),
        Meta(ge=1, le=65535),
    ] = 1024
    item_size_max: Annotated[
        Size, Flag("-I", "--max-item-size", help="the largest value let through: 1m, 512k; up to 1g", metavar="SIZE")
    ] = Size.parse("1m")
    idle_timeout: Annotated[
        Seconds, Flag("--idle-timeout", help="close a client's connection idle for so long; 0: never", metavar="TIME")
    ] = Seconds(0)
    cluster_config: Annotated[
        Literal["proxy", "nodes"],
        Flag(
            "--cluster-config",
            help="whom `config get cluster` lists: this proxy, so that clients stay behind it, or the nodes",
            metavar="WHO",
        ),
    ] = "proxy"
    advertise: Annotated[
        str | None,
        Flag("--advertise", help="the HOST:PORT that `config get cluster` says the proxy has", metavar="ADDR"),
    ] = None
    default_pool: str | None = None
    """The pool of keys that no route names; None: the first."""
    probe_interval: Annotated[
        Seconds, Flag("--probe-interval", help="time between probes of a down node, at first", metavar="TIME")
    ] = Seconds(0.5)
    probe_interval_max: Annotated[
        Seconds, Flag("--probe-interval-max", help="the most that time grows to, doubling", metavar="TIME")
    ] = Seconds(10)
    probe_timeout: Annotated[
        Seconds, Flag("--probe-timeout", help="how long a probed node has to answer", metavar="TIME")
    ] = Seconds(1)
    probes_needed: Annotated[
        int,
        Flag("--probes-needed", help="so many answers in a row bring a down node back", metavar="NUM"),
        Meta(ge=1, le=100),
    ] = 2
    reload_interval: Annotated[
        Seconds, Flag("--reload-interval", help="how often the settings file is looked at; 0: on SIGHUP only")
    ] = Seconds(1)

    def check(self) -> None:
        """Refuses settings that cannot stand together."""
        if not self.listen and not self.unix_socket:
            raise ConfigError("nothing to listen on: give listen (--listen) an address, or unix_socket a file")
        for name in ("probe_interval", "probe_timeout"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"{name} is 0: give it a time, such as 500ms")
        if self.probe_interval_max < self.probe_interval:
            raise ConfigError(
                f"probe_interval_max is {self.probe_interval_max}, less than probe_interval ({self.probe_interval}): "
                "make it at least as long"
            )
        if not 1024 <= self.item_size_max <= 1 << 30:
            raise ConfigError(f"item_size_max is {self.item_size_max}: it must be between 1k and 1g")


class PoolSettings(Settings, frozen=True):
    """What a pool can be told, in its table of the file, or by flags if there is one pool only."""

    placement: Annotated[
        str, Flag("--placement", help="who gets a key: see `memcluster ring placements`", metavar="NAME")
    ] = "uhashring-ketama"
    hash: Annotated[
        str | None, Flag("--hash", help="how keys are hashed, where the placement has a choice", metavar="NAME")
    ] = None
    seed: Annotated[str | None, Flag("--seed", help="seed of memcached-jump", metavar="TEXT")] = None
    hash_tag: Annotated[
        str | None,
        Flag("--hash-tag", help="two characters, such as {}: only what stands between them is hashed", metavar="AB"),
    ] = None
    down: Annotated[
        Literal["fail", "miss", "eject"],
        Flag(
            "--down",
            help="a down node's keys: fail at once; miss (writes fail); or eject: move to the others until it is back",
            metavar="POLICY",
        ),
    ] = "fail"
    replicas: Annotated[
        int, Flag("--replicas", help="nodes that hold each key, in different zones", metavar="NUM"), Meta(ge=1, le=16)
    ] = 1
    zone: Annotated[
        str | None, Flag("--zone", help="where the proxy stands: it reads from nodes of this zone", metavar="NAME")
    ] = None
    connect_timeout: Annotated[
        Seconds, Flag("--connect-timeout", help="how long connecting to a node may take", metavar="TIME")
    ] = Seconds(0.5)
    request_timeout: Annotated[
        Seconds, Flag("--request-timeout", help="how long a node that owes answers may be silent", metavar="TIME")
    ] = Seconds(1)
    failure_limit: Annotated[
        int, Flag("--failure-limit", help="failures in a row that mark a node down", metavar="NUM"), Meta(ge=1)
    ] = 3
    connections_per_node: Annotated[
        int, Flag("--connections-per-node", help="connections to a node, a thread", metavar="NUM"), Meta(ge=1, le=64)
    ] = 1

    def check(self) -> None:
        """Refuses what the types let through."""
        if self.hash_tag is not None and len(self.hash_tag.encode()) != 2:
            raise ConfigError(
                f"hash_tag is {self.hash_tag!r}: give the two characters that open and close it, such as {{}}"
            )
        for name in ("connect_timeout", "request_timeout"):
            if getattr(self, name).milliseconds < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}: give it at least 1ms")
