"""A pytest plugin: running memcached nodes and clusters and Redis-mode nodes, without containers or child processes.

It is there once memcluster is installed:

    def test_caches(memcached_cluster):
        client = pymemcache.Client(memcached_cluster.address)

Each test gets a server of its own, empty, on a free port; starting one takes some milliseconds. For more than a fixture
gives, use `memcluster.Node`, `memcluster.RedisNode` and `memcluster.Cluster` as context managers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from memcluster.local import Cluster
    from memcluster.node.node import Node
    from memcluster.redis.group.local import RedisGroup
    from memcluster.redis.node import RedisNode

MEMORY = "16m"
THREADS = 1
PATIENCE = "10s"
"""A machine that is busy with tests may hold a node up for seconds: it is not down for that."""


@pytest.fixture
def memcached_node() -> Iterator[Node]:
    """A running node: `address` is its `host:port`, `stats()` its counters."""
    from memcluster.node.node import Node

    with Node(port=0, memory=MEMORY, threads=THREADS) as node:
        yield node


@pytest.fixture
def memcached_cluster() -> Iterator[Cluster]:
    """A running cluster: `address` is the proxy's `host:port`, `nodes` its three nodes."""
    from memcluster.local import Cluster

    patience = {"connect_timeout": PATIENCE, "request_timeout": PATIENCE}
    with Cluster(nodes=3, port=0, memory=MEMORY, threads=THREADS, proxy=patience) as cluster:
        yield cluster


@pytest.fixture
def redis_node() -> Iterator[RedisNode]:
    """A running Redis-mode node: `url` is what clients take, `host` and `port` are there, too."""
    from memcluster.redis.node import RedisNode

    with RedisNode(port=0, io_threads=THREADS) as node:
        yield node


@pytest.fixture
def redis_group() -> Iterator[RedisGroup]:
    """A running group of a primary and two replicas: `port` leads to the primary, `kill(primary)` makes it fail over.

    Its writes wait for one replica, so one node may be missing.
    """
    from memcluster.redis.group.local import RedisGroup

    with RedisGroup(replicas=2, durability="sync:1") as group:
        yield group
