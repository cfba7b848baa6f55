"""Pools and the servers that are out become the topology document that the router installs.

native/router/src/topology.rs reads it. Pure: the same settings and servers out give the same document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from memcluster.proxy.placement.ejection import without

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from memcluster.proxy.placement.rules import Rule
    from memcluster.proxy.pools import Document, Pool


class NodeRow(msgspec.Struct, frozen=True):
    """A server, once, whatever pools it is in."""

    name: str
    address: str
    zone: str | None = None


class PoolRow(msgspec.Struct, frozen=True):
    """A pool; `nodes` are indices of node rows, and the placement speaks of places in `nodes`."""

    name: str
    nodes: Sequence[int]
    placement: Rule
    hash_tag: str | None
    down: str
    replicas: int
    zone: str | None
    connect_timeout_ms: int
    request_timeout_ms: int
    failure_limit: int
    connections_per_node: int


class RouteRow(msgspec.Struct, frozen=True):
    """A prefix and the index of its pool."""

    prefix: str
    pool: int


class Topology(msgspec.Struct, frozen=True):
    """The whole document."""

    version: int
    nodes: Sequence[NodeRow]
    pools: Sequence[PoolRow]
    routes: Sequence[RouteRow]
    default_pool: int

    def encode(self) -> str:
        """As the router reads it."""
        return msgspec.json.encode(self).decode()


class Rings:
    """The pools' rules, computed once for a settings document: taking servers out and back in costs no hashing."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.rules = [pool.rule() for pool in document.pool]
        members = [server for pool in document.pool for server in pool.members]
        self.nodes = tuple({entry.label: NodeRow(entry.label, entry.address, entry.zone) for entry in members}.values())
        self._index = {node.name: number for number, node in enumerate(self.nodes)}

    def topology(self, version: int, out: Collection[str] = ()) -> Topology:
        """The document without these servers in those pools that eject."""
        pools = [self._pool(pool, rule, out) for pool, rule in zip(self.document.pool, self.rules, strict=True)]
        routes = [RouteRow(route.prefix, self.document.pool_index(route.pool)) for route in self.document.route]
        return Topology(version, self.nodes, pools, routes, self.document.default_pool)

    def ejecting(self) -> frozenset[str]:
        """The servers that leave a ring when they go down."""
        pools = [pool for pool in self.document.pool if pool.down == "eject"]
        return frozenset(member.label for pool in pools for member in pool.members)

    def _pool(self, pool: Pool, rule: Rule, out: Collection[str]) -> PoolRow:
        dead = (number for number, member in enumerate(pool.members) if pool.down == "eject" and member.label in out)
        left, rule = without(rule, len(pool.members), frozenset(dead))
        return PoolRow(
            name=pool.name,
            nodes=[self._index[pool.members[number].label] for number in left],
            placement=rule,
            hash_tag=pool.hash_tag,
            down=pool.down,
            replicas=min(pool.replicas, len(set(left))),
            zone=pool.zone,
            connect_timeout_ms=pool.connect_timeout.milliseconds,
            request_timeout_ms=pool.request_timeout.milliseconds,
            failure_limit=pool.failure_limit,
            connections_per_node=pool.connections_per_node,
        )
