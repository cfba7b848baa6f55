"""A memcached cluster in one command: multi-threaded nodes behind a consistent-hashing proxy.

cli/         one module a verb: what people type
local.py     a whole cluster inside this process
testing.py   pytest fixtures over local.py
proxy/       who gets a key: placements, pools, health
cluster/     many processes as one cache: ports, supervisor, what is running where
redis/       one Redis-mode node: directives, an object, a process; groups of them, and their backups
node/        one memcached node: an object, a process
config.py    typed settings: file, environment, flags
errors.py    the exception tree
_native      the Rust engine: every byte of a cached value stays in there

Imports point down this list only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memcluster.local import Cluster
    from memcluster.node.node import Node
    from memcluster.redis.group.local import RedisGroup
    from memcluster.redis.node import RedisNode

__version__ = "0.1.0"

__all__ = ["Cluster", "Node", "RedisGroup", "RedisNode", "__version__"]


def __getattr__(name: str) -> object:
    # Lazy, because a node's process must not pay for what only a cluster needs.
    if name == "Node":
        from memcluster.node.node import Node

        return Node
    if name == "RedisNode":
        from memcluster.redis.node import RedisNode

        return RedisNode
    if name == "RedisGroup":
        from memcluster.redis.group.local import RedisGroup

        return RedisGroup
    if name == "Cluster":
        from memcluster.local import Cluster

        return Cluster
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
