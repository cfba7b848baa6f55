"""Who is measured: a row each, with the command that starts it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import generator
from bench.processes import free_port

CONNECTIONS_MAX = 12_000


@dataclass(frozen=True)
class Need:
    """What a scenario asks of a server."""

    port: int
    # Where settings and logs may be written.
    folder: Path
    threads: int = 1
    memory_mb: int = 64
    item_size_max: str = "1m"
    # What the floor answers with.
    value_bytes: int = 100
    # The nodes behind a proxy.
    nodes: Sequence[str] = ()
    # Of Redis's kind: how it keeps its data, in `folder`.
    directives: Sequence[str] = ()


@dataclass(frozen=True)
class Peer:
    """A server that can be started here, if its program is installed."""

    name: str
    program: str
    command: Callable[[Need], list[str]]
    version: Sequence[str] = ()
    # Where it is started: another checkout of ours, for before and after.
    checkout: Path | None = None

    @property
    def is_installed(self) -> bool:
        """Its program is found."""
        return shutil.which(self.program) is not None

    def version_line(self) -> str:
        """What it says of itself."""
        if not self.version:
            return ""
        said = subprocess.run([self.program, *self.version], capture_output=True, text=True, check=False)
        return (said.stdout + said.stderr).strip().splitlines()[0]


def _memcached(program: str) -> Callable[[Need], list[str]]:
    def command(need: Need) -> list[str]:
        user = ["-u", "root"] if os.geteuid() == 0 else []
        return [program, *user, "-l", "127.0.0.1", "-U", "0", *_flags(need)]

    return command


def _flags(need: Need) -> list[str]:
    flags = {"-p": need.port, "-t": need.threads, "-m": need.memory_mb, "-c": CONNECTIONS_MAX, "-I": need.item_size_max}
    return [str(word) for flag in flags.items() for word in flag]


def _memcluster_node(need: Need) -> list[str]:
    return [sys.executable, "-m", "memcluster", "node", "-l", "127.0.0.1", *_flags(need)]


def _memcluster_proxy(need: Need) -> list[str]:
    servers = [word for node in need.nodes for word in ("--server", node)]
    listen = ["--listen", f"127.0.0.1:{need.port}", "--threads", str(need.threads)]
    return [sys.executable, "-m", "memcluster", "proxy", *listen, *servers]


def _memcluster_up(need: Need) -> list[str]:
    flags = ["--nodes", "3", "--port", str(need.port), "--memory", f"{need.memory_mb}m", "--threads", "1"]
    return [sys.executable, "-m", "memcluster", "up", *flags]


def _nutcracker(need: Need, redis: str = "false") -> list[str]:
    servers = "\n".join(f"   - {node}:1" for node in need.nodes)
    settings = (
        f"bench:\n  listen: 127.0.0.1:{need.port}\n  hash: fnv1a_64\n  distribution: ketama\n  redis: {redis}\n"
        f"  servers:\n{servers}\n"
    )
    (need.folder / "nutcracker.yml").write_text(settings)
    statistics = ["-a", "127.0.0.1", "-s", str(free_port())]
    return ["nutcracker", "-c", str(need.folder / "nutcracker.yml"), "-o", str(need.folder / "log"), *statistics]


def _nutcracker_before_redis(need: Need) -> list[str]:
    return _nutcracker(need, redis="true")


def _relay(need: Need) -> list[str]:
    return [sys.executable, "-m", "bench.group_port", str(need.port), need.nodes[0]]


def _floor(need: Need) -> list[str]:
    return [*generator.COMMAND, "floor", f"127.0.0.1:{need.port}", str(need.value_bytes)]


def _redis(need: Need) -> list[str]:
    flags = {"--port": need.port, "--bind": "127.0.0.1", "--save": "", "--dir": need.folder}
    return ["redis-server", *(str(word) for flag in flags.items() for word in flag), *need.directives]


def _memcluster_redis(need: Need) -> list[str]:
    flags = {"--port": need.port, "--io-threads": need.threads, "--maxclients": CONNECTIONS_MAX, "--dir": need.folder}
    words = [str(word) for flag in flags.items() for word in flag]
    return [sys.executable, "-m", "memcluster", "redis", *words, *need.directives]


NODES = {
    peer.name: peer
    for peer in (
        Peer("memcluster", sys.executable, _memcluster_node),
        Peer("memcached", "memcached", _memcached("memcached"), version=("-V",)),
        Peer("memcached-1.6.45", "memcached-1.6.45", _memcached("memcached-1.6.45"), version=("-V",)),
        Peer("floor", sys.executable, _floor),
    )
}

PROXIES = {
    peer.name: peer
    for peer in (
        Peer("memcluster", sys.executable, _memcluster_proxy),
        Peer("nutcracker", "nutcracker", _nutcracker, version=("-V",)),
        # Of a proxy the client's side alone: it asks no nodes.
        Peer("floor", sys.executable, _floor),
    )
}

CLUSTERS = {"memcluster": Peer("memcluster", sys.executable, _memcluster_up)}

# What generators are measured with; and generators, all of which ask one redis-server.
ASKED = {**NODES, "nutcracker": PROXIES["nutcracker"]}
GENERATORS = {
    peer.name: peer
    for peer in (
        Peer("memcluster bench", "redis-server", _redis, version=("--version",)),
        Peer("redis-benchmark", "redis-benchmark", _redis, version=("--version",)),
    )
}

REDIS_NODES = {
    peer.name: peer
    for peer in (
        Peer("memcluster", sys.executable, _memcluster_redis),
        Peer("redis-server", "redis-server", _redis, version=("--version",)),
    )
}

# Who stands before a Redis-mode node, and the node itself.
RELAYS = {
    peer.name: peer
    for peer in (
        Peer("memcluster", sys.executable, _relay),
        Peer("nutcracker", "nutcracker", _nutcracker_before_redis, version=("-V",)),
        Peer("direct", sys.executable, _memcluster_redis),
    )
}

# By what a scenario measures.
ROLES = {
    "node": NODES,
    "proxy": PROXIES,
    "cluster": CLUSTERS,
    "generator": ASKED,
    "redis": GENERATORS,
    "redis-mode": REDIS_NODES,
    "relay": RELAYS,
}
# In these some stand before nodes.
BEFORE_NODES = {"proxy", "generator", "relay"}
