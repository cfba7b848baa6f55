"""A table [group.NAME] of the file of `memcluster up`: the group's settings, where it is, its nodes' directives."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec

from memcluster.config import Flag, Meta, Seconds, Settings, no_such_setting, overlay, rows
from memcluster.errors import ConfigError
from memcluster.redis.backup.settings import SnapshotSettings
from memcluster.redis.client import Login
from memcluster.redis.directives import by_name
from memcluster.redis.group.settings import GroupSettings, check
from memcluster.redis.settings import from_names, settle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from memcluster.redis.configuration import Given

SECTION = "group"
Port = Annotated[int, Meta(ge=0, le=65535)]

OURS = {
    "bind": "give `host`",
    "daemonize": "the supervisor's processes stay with it",
    "memc-name": "nodes are named after the group",
    "pidfile": "`memcluster status` says which process a node is",
    "replicaof": "who follows whom is the group's decision",
    "slaveof": "who follows whom is the group's decision",
    "unixsocket": "nodes are reached by their ports",
}
"""Directives that a group gives its nodes itself, and what to do instead."""


class PlaceSettings(Settings, frozen=True):
    """Where a group is: the rest of a section [group.NAME]."""

    host: Annotated[str, Flag(help="the address that its ports and nodes listen on")] = "127.0.0.1"
    port: Annotated[Port, Flag(help="the primary's port, whoever is primary; 0 takes a free one")] = 6379
    reader_port: Annotated[
        Port | None, Flag(help="the replicas' port, shared among them; without it: the one after `port`, if free")
    ] = None
    sentinel_port: Annotated[
        Port | None, Flag(help="where Sentinel's clients ask; without it: 20,000 above `port`, if free")
    ] = None
    node_port: Annotated[Port | None, Flag(help="the first node's port; without it: those after `port`, if free")] = (
        None
    )
    dir: Annotated[
        str, Flag(help="where nodes keep their data, and the group its state; without it: the group's name")
    ] = ""
    seed: Annotated[str, Flag(help="an RDB file that a group without data begins with")] = ""
    load_timeout: Annotated[Seconds, Flag(help="how long a node may take to load its data")] = Seconds(600)
    relay_threads: Annotated[int, Flag(help="threads of each relayed port"), Meta(ge=1, le=256)] = 2
    client_wait: Annotated[
        Seconds, Flag(help="how long a new client of a relayed port waits for a node that serves it")
    ] = Seconds(5)


@dataclass(frozen=True)
class GroupTable:
    """What is wanted of one group."""

    name: str
    settings: GroupSettings
    places: PlaceSettings
    snapshots: SnapshotSettings
    directives: tuple[Given, ...]

    @property
    def login(self) -> Login:
        """How nodes let us in."""
        passwords = [given.value for given in self.directives if given.name == "requirepass"]
        return Login(password=passwords[-1] or None) if passwords else Login()


S = TypeVar("S", bound=Settings)


def read(name: str, table: Mapping[str, Any], environment: Mapping[str, str]) -> GroupTable:
    """The table, and what the environment says; ConfigError names the key and the fix."""
    where = f"[group.{name}]"
    if not name.replace("-", "").replace("_", "").isalnum():
        raise ConfigError(f"{where}: a group's name has letters, digits, - and _ only")
    left = dict(table)
    settings = overlay(_take(GroupSettings, left, where), SECTION, environment, {})
    places = overlay(_take(PlaceSettings, left, where), SECTION, environment, {})
    schedule = _snapshots(left.pop("snapshots", {}), where)
    for key in left:
        _refuse(key.replace("_", "-"), where)
    directives = settle(from_names(left, where))
    # The engine is loaded only where there is a group.
    from memcluster.redis.node import check as check_directives

    check_directives(directives)
    return GroupTable(name, check(settings, where), places, schedule, directives.served)


def _snapshots(table: Any, where: str) -> SnapshotSettings:
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: snapshots: it is a table of its own: write [{where[1:-1]}.snapshots]")
    left, where = dict(table), f"[{where[1:-1]}.snapshots]"
    schedule = _take(SnapshotSettings, left, where)
    for unknown in left:
        raise ConfigError(f"{where}: {unknown}: {no_such_setting(unknown, schedule.__struct_fields__)}")
    return schedule


def _take(kind: type[S], table: dict[str, Any], where: str) -> S:
    """Takes the rows of this section out of the table."""
    changes: dict[str, Any] = {}
    for row in rows(kind):
        for key in {row.name, row.name.replace("_", "-")} & set(table):
            try:
                changes[row.name] = row.accept(table.pop(key))
            except ValueError as error:
                raise ConfigError(f"{where}: {key}: {error}") from None
    return msgspec.structs.replace(kind(), **changes)


def _refuse(directive: str, where: str) -> None:
    if directive in OURS:
        raise ConfigError(f"{where}: {directive}: {OURS[directive]}: leave it out")
    if directive not in by_name():
        known = [row.name for kind in (GroupSettings, PlaceSettings) for row in rows(kind)]
        known += [name for name, row in by_name().items() if row.is_served]
        near = difflib.get_close_matches(directive.replace("-", "_"), known, n=1)
        near = near or difflib.get_close_matches(directive, known, n=1)
        fix = (
            f"did you mean {near[0]}?" if near else "see docs/settings.md and docs/redis-options.md for those there are"
        )
        raise ConfigError(f"{where}: {directive}: neither a group's setting nor Redis's directive: {fix}")
