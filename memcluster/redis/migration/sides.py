"""What the two servers of a migration say of themselves: INFO, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from memcluster.redis.client import Client

SECTIONS = ("server", "replication", "memory", "persistence", "keyspace", "modules", "cluster")


@dataclass(frozen=True)
class Side:
    """A server. `offset` is where its stream ends: what it has written, or what it has taken from its primary."""

    address: str
    version: str
    run_id: str
    role: str
    offset: int
    keys: int
    databases_used: int
    """The highest number of a database with keys, and one."""
    used_memory: int
    maxmemory: int
    is_loading: bool = False
    is_cluster: bool = False
    modules: tuple[str, ...] = ()
    primary: str = ""
    """Whom it follows, `host:port`."""
    link: str = ""
    """up or down, if it follows somebody."""
    is_syncing: bool = False
    sync_left_bytes: int = 0
    replica_offsets: tuple[int, ...] = ()
    """How far those are that follow it."""


def look(client: Client) -> Side:
    """Asks a server."""
    said: dict[str, str] = {}
    for section in SECTIONS:
        said |= client.info(section)
    return side(client.address, said)


def side(address: str, said: Mapping[str, str]) -> Side:
    """What its INFO says."""
    spaces = {int(name[2:]): value for name, value in said.items() if name.startswith("db") and name[2:].isdigit()}
    is_replica = said.get("role") == "slave"
    return Side(
        address=address,
        version=said.get("redis_version", ""),
        run_id=said.get("run_id", ""),
        role="replica" if is_replica else "primary",
        offset=_number(said, "slave_repl_offset" if is_replica else "master_repl_offset"),
        keys=sum(_keys(value) for value in spaces.values()),
        databases_used=max(spaces, default=-1) + 1,
        used_memory=_number(said, "used_memory"),
        maxmemory=_number(said, "maxmemory"),
        is_loading=said.get("loading") == "1",
        is_cluster=said.get("cluster_enabled") == "1",
        modules=tuple(value for name, value in said.items() if name == "module"),
        primary=f"{said.get('master_host')}:{said.get('master_port')}" if is_replica else "",
        link=said.get("master_link_status", "") if is_replica else "",
        is_syncing=said.get("master_sync_in_progress") == "1",
        sync_left_bytes=max(0, _number(said, "master_sync_left_bytes")),
        replica_offsets=tuple(_replica_offset(said[f"slave{number}"]) for number in range(_replicas(said))),
    )


def _number(said: Mapping[str, str], name: str) -> int:
    text = said.get(name, "0")
    return int(text) if text.lstrip("-").isdigit() else 0


def _replicas(said: Mapping[str, str]) -> int:
    return next(number for number in range(len(said) + 1) if f"slave{number}" not in said)


def _replica_offset(value: str) -> int:
    """Of `ip=10.0.0.1,port=6379,state=online,offset=12,lag=0`."""
    found = [part.removeprefix("offset=") for part in value.split(",") if part.startswith("offset=")]
    return int(found[0]) if found and found[0].isdigit() else 0


def _keys(value: str) -> int:
    """Of `keys=12,expires=3,avg_ttl=0`."""
    first = value.partition(",")[0].removeprefix("keys=")
    return int(first) if first.isdigit() else 0
