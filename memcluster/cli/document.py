"""The file of `memcluster up`, with the environment and flags laid over it: what is to run.

    [cluster] [node] [proxy] [pool]   memcached nodes and the proxy before them
    [redis.NAME]                      a Redis-mode node
    [group.NAME]                      a Redis-mode group, which heals itself

What stands in the file is what starts: one with tables of Redis mode only starts no memcached node.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from memcluster.cluster.settings import ClusterSettings
from memcluster.config import Settings, line_of, load, overlay
from memcluster.errors import ConfigError
from memcluster.node.settings import NodeSettings
from memcluster.proxy.settings import PoolSettings, ProxySettings
from memcluster.redis.group import table
from memcluster.redis.settings import RedisSettings, from_names, settle

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from memcluster.redis.group.table import GroupTable

OF_CACHE = ("nodes", "port", "memory", "threads", "node_port", "placement", "hash_tag", "down")
"""Flags that say something of memcached nodes or their proxy."""

S = TypeVar("S", bound=Settings)


class Document(Settings, frozen=True):
    """The file."""

    cluster: ClusterSettings | None = None
    node: NodeSettings | None = None
    proxy: ProxySettings | None = None
    pool: PoolSettings | None = None
    redis: dict[str, dict[str, str | int | bool | list[str]]] = {}  # noqa: RUF012 (never changed)
    group: dict[str, dict[str, Any]] = {}  # noqa: RUF012

    @property
    def is_of_redis_only(self) -> bool:
        """Whether it names nothing of memcached's."""
        of_memcached = (self.cluster, self.node, self.proxy, self.pool)
        return bool(self.redis or self.group) and all(part is None for part in of_memcached)


@dataclass(frozen=True)
class Wanted:
    """All that is to run, and how."""

    cluster: ClusterSettings
    node: NodeSettings
    proxy: ProxySettings
    pool: PoolSettings
    has_cache: bool
    """Whether there are memcached nodes and a proxy."""
    redis: Mapping[str, RedisSettings]
    is_quiet: Mapping[str, bool]
    """Which of them say nothing of a log level."""
    groups: tuple[GroupTable, ...]


def read(config: Path | None, flags: dict[str, Any]) -> Wanted:
    """The file, the environment and flags together."""
    if config is None:
        return _read(Document(), flags)
    try:
        return _read(load(config, Document), flags)
    except ConfigError as error:
        raise ConfigError(_placed(str(error), config)) from None


def _placed(said: str, config: Path) -> str:
    """What is said of a table, `[group.orders]: replicas: …`, with the file and the line."""
    found = re.match(r"\[([^\]]+)\]: ([\w-]*)", said)
    if found is None:
        return said
    text = config.read_text(encoding="utf-8-sig")
    path = found[1].split(".")
    keys = (found[2], found[2].replace("-", "_"))
    return f"{config}:{max(line_of(text, [*path, key]) for key in keys)}: {said}"


def _read(document: Document, flags: dict[str, Any]) -> Wanted:
    of_nodes = {name: value for name, value in flags.items() if name not in ("port", "host")}
    cluster = _laid_over(ClusterSettings, document.cluster, "cluster", flags)
    asked_for = not document.is_of_redis_only or any(flags.get(name) is not None for name in OF_CACHE)
    wanted = Wanted(
        cluster=cluster,
        node=_laid_over(NodeSettings, document.node, "node", of_nodes),
        proxy=_laid_over(ProxySettings, document.proxy, "proxy", {"threads": flags.get("threads")}),
        pool=_laid_over(PoolSettings, document.pool, "proxy", flags),
        has_cache=asked_for and cluster.nodes > 0,
        redis={name: _redis(name, words) for name, words in document.redis.items()},
        is_quiet={name: "loglevel" not in words for name, words in document.redis.items()},
        groups=tuple(table.read(name, words, os.environ) for name, words in document.group.items()),
    )
    wanted.node.check()
    wanted.proxy.check()
    wanted.pool.check()
    _check(wanted)
    return wanted


def _laid_over(kind: type[S], given: S | None, section: str, flags: dict[str, Any]) -> S:
    return overlay(given or kind(), section, os.environ, flags)


def _redis(name: str, words: Mapping[str, Any]) -> RedisSettings:
    """What a table [redis.NAME] says; one address each, so that its port can be kept for it."""
    settings = settle(from_names(words, f"[redis.{name}]"))
    if len(settings.bind) != 1:
        raise ConfigError(f"[redis.{name}]: bind: give one address; `memcluster redis` takes several")
    if settings.daemonize:
        raise ConfigError(f"[redis.{name}]: daemonize: the supervisor's processes stay with it: leave it out")
    # The engine is loaded only where there is such a node.
    from memcluster.redis.node import check

    check(settings)
    return settings


def _check(wanted: Wanted) -> None:
    """Names are told apart, and there is something to run."""
    for name in wanted.redis:
        if name == "proxy" or name.startswith("node-"):
            raise ConfigError(f"[redis.{name}]: another process of the cluster has that name: choose one of your own")
    for group in wanted.groups:
        if group.name in ("node", *wanted.redis) or any(name.startswith(f"{group.name}-") for name in wanted.redis):
            raise ConfigError(f"[group.{group.name}]: other processes have the names of its nodes: choose another")
    if not wanted.has_cache and not wanted.redis and not wanted.groups:
        raise ConfigError("nodes 0, and no table [redis.NAME] or [group.NAME]: there is nothing to run")
