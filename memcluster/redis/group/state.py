"""What a group's store holds, a key a fact, as JSON. Values only: `decide` says how they may change.

    groups/NAME/config     what is wanted: the nodes with their zones, the durability
    groups/NAME/lease      who supervises; under a lease, so it goes when that supervisor is gone
    groups/NAME/leader     which node is primary of which epoch, or that one is being elected
    groups/NAME/sync       the in-sync set: what a failover may rely on, and what the primary was told to wait for
    groups/NAME/request    what an operator asked for: a failover, a test of one, a switchover
    groups/NAME/reports    what each node said last
    groups/NAME/counter    how many events there were; groups/NAME/events/NNNN: the last of them, a ring

A revision 0 is a fact that is not there yet.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

from memcluster.errors import ConfigError

if TYPE_CHECKING:
    from memcluster.cluster.store.entries import Snapshot

EVENTS_MAX = 1024


class NodeConfig(msgspec.Struct, frozen=True):
    """A node that is wanted, and where other nodes and the supervisor reach it."""

    name: str
    host: str
    port: int
    zone: str = ""
    is_leaving: bool = False
    """It is to be removed as soon as nothing depends on it."""

    @property
    def address(self) -> str:
        """As nodes name it to each other."""
        return f"{self.host}:{self.port}"


class Config(msgspec.Struct, frozen=True):
    """What is wanted of the group."""

    nodes: tuple[NodeConfig, ...] = ()
    durability: str = "async"
    lag_bytes_max: int = 64 << 20
    """Without synchronous replicas: a failover that would lose more than this waits for an operator."""

    def find(self, name: str | None) -> NodeConfig | None:
        """The node of this name, if it is wanted."""
        return next((node for node in self.nodes if node.name == name), None)


class Holder(msgspec.Struct, frozen=True):
    """The supervisor whose orders count."""

    name: str
    lease: int
    ttl: float


class Leader(msgspec.Struct, frozen=True):
    """The primary of an epoch. While `node` is None it is being elected, and the epoch is taken by this election."""

    epoch: int = 0
    node: str | None = None
    run_id: str = ""
    previous: str | None = None
    """The primary of the epoch before."""
    why: str = ""
    prefer: str | None = None
    avoid: str | None = None


class Sync(msgspec.Struct, frozen=True):
    """The in-sync set of an epoch; `insync` has the law that holds between its parts.

    members, k: at least k of the members hold all that was confirmed (all of them, if they are fewer than k).
    counted, durability, version: what the primary is told, by the order of this version.
    """

    epoch: int = 0
    leader: str = ""
    leader_run: str = ""
    members: dict[str, str] = {}
    """Name and run_id: who was started again since is not what it was."""
    k: int = 0
    counted: tuple[str, ...] = ()
    durability: str = "async"
    version: int = 0

    @property
    def needed(self) -> int:
        """So many members meet every set of k of them."""
        return max(1, len(self.members) - self.k + 1)


class Request(msgspec.Struct, frozen=True):
    """What an operator asked for; `to` only of a switchover (None: the best replica)."""

    id: str
    kind: Literal["now", "test", "switchover"]
    to: str | None = None
    accept_loss: bool = False
    """Promote the most advanced node that answers, though acknowledged writes may be on another."""
    at: float = 0.0
    """Unix time; one that is older than the settings allow is answered with a failure."""


class Report(msgspec.Struct, frozen=True):
    """What a node said last, as far as it is worth remembering."""

    role: str
    epoch: int
    log_epoch: int
    offset: int
    run_id: str
    lost_bytes: int = 0


class Event(msgspec.Struct, frozen=True):
    """Something that happened to the group, for people and for those who wait for a request's end."""

    number: int
    at: float
    kind: str
    sentence: str
    epoch: int
    node: str | None = None
    request: str | None = None


class GroupState(msgspec.Struct, frozen=True):
    """All facts as they were together, with the revision of each."""

    revisions: dict[str, int] = {}
    config: Config = Config()
    holder: Holder | None = None
    leader: Leader = Leader()
    sync: Sync = Sync()
    request: Request | None = None
    reports: dict[str, Report] = {}
    counter: int = 0


V = TypeVar("V")

KINDS: dict[str, tuple[str, type]] = {
    "config": ("config", Config),
    "lease": ("holder", Holder),
    "leader": ("leader", Leader),
    "sync": ("sync", Sync),
    "request": ("request", Request),
    "reports": ("reports", dict[str, Report]),
    "counter": ("counter", int),
}


def prefix(group: str) -> str:
    """Where a group's facts stand."""
    return f"groups/{group}/"


def event_key(group: str, number: int) -> str:
    """Where an event stands: the oldest makes room."""
    return f"groups/{group}-events/{number % EVENTS_MAX:04}"


def events_prefix(group: str) -> str:
    """Where a group's events stand: apart, so that who reads the facts does not read them."""
    return f"groups/{group}-events/"


def read(group: str, snapshot: Snapshot) -> GroupState:
    """The facts of a group out of what its store holds under `prefix`."""
    start = len(prefix(group))
    found: dict[str, object] = {}
    revisions: dict[str, int] = {}
    for key, entry in snapshot.entries.items():
        field, kind = KINDS[key[start:]]
        found[field] = msgspec.json.decode(entry.value, type=kind)
        revisions[key[start:]] = entry.revision
    return GroupState(revisions, **found)  # type: ignore[arg-type]


def write(value: object) -> bytes:
    """A fact as it stands in the store."""
    return msgspec.json.encode(value)


def replicas_needed(durability: str) -> int:
    """How many replicas must hold a write before it is confirmed: what the in-sync set's law speaks of.

    ConfigError for text that is no durability.
    """
    match = re.fullmatch(r"(async)|(bounded):[1-9]\d*|sync:([1-9]\d*)", durability)
    if not match:
        raise ConfigError(f"durability {durability!r}: write async, bounded:MILLISECONDS or sync:REPLICAS")
    return int(match[3] or (1 if match[2] else 0))
