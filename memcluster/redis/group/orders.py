"""What a group says to its nodes and hears from them: the MEMC.* commands as values. Knows no socket.

Every order carries the epoch in which it was decided; a node refuses an older one. An order may lie in a frozen node's
socket and be executed long after it was sent, in any order with those of another connection: so a lease ends at a time
of the node's own clock, and in-sync sets are numbered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from memcluster.redis import resp

if TYPE_CHECKING:
    from memcluster.redis.resp import Reply

Role = Literal["primary", "replica", "fenced"]
Link = Literal["up", "down", "syncing", "none"]


class Attached(msgspec.Struct, frozen=True):
    """A replica as its primary sees it."""

    name: str
    address: str = ""
    state: str = ""
    offset: int = 0
    synced_offset: int = 0
    lag_ms: int = 0


class Status(msgspec.Struct, frozen=True):
    """What a node says of itself: the map that MEMC.STATUS answers with; `msgspec.convert` makes it of that."""

    name: str
    role: Role
    epoch: int
    """The highest it has seen, sealing included."""
    log_epoch: int
    """Of the last epoch mark in its log: of two logs the one of the later epoch, then the longer one has more."""
    run_id: str
    """New at every start of the process: what a replica held may be gone after one."""
    clock_ms: int
    """The clock by which its leases end."""
    offset: int
    synced_offset: int = 0
    replid: str = ""
    lease_left_ms: int = -1
    durability: str = "async"
    in_sync: tuple[str, ...] = ()
    in_sync_version: int = 0
    link: Link = "none"
    primary: str = ""
    replicas: tuple[Attached, ...] = ()
    loading: bool = False
    lost_bytes: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether what its offset says it holds is there: not while a full resync replaces it."""
        return not self.loading and self.link != "syncing"


def described(reply: Reply) -> Status:
    """MEMC.STATUS's answer as a value; ValidationError or MalformedReplyError where it is none."""
    if isinstance(reply, resp.Refusal):
        raise resp.MalformedReplyError(reply.text)
    fields: dict[str, Any] = {name: _plain(value) for name, value in resp.mapping(reply).items()}
    fields["replicas"] = [_texts(each) for each in resp.mapping(reply).get("replicas") or ()]
    return msgspec.convert(fields, Status, strict=False)


def _texts(reply: Reply) -> dict[str, Any]:
    return {name: _plain(value) for name, value in resp.mapping(reply).items()}


def _plain(reply: Reply) -> Any:
    if isinstance(reply, bytes):
        return resp.text(reply)
    return [_plain(each) for each in reply] if isinstance(reply, list) else reply


class Order(msgspec.Struct, frozen=True):
    """Something a node is told. `words` is the command."""

    epoch: int

    @property
    def words(self) -> tuple[str, ...]:
        """The command as it goes over the wire: its name from the kind, its arguments from the fields."""
        arguments: list[str] = []
        for value in msgspec.structs.astuple(self):
            arguments += value if isinstance(value, tuple) else [str(value)]
        return (f"MEMC.{type(self).__name__.upper()}", *arguments)


class Lease(Order, frozen=True):
    """Serve as primary of this epoch until your clock shows so much."""

    until_ms: int


class Seal(Order, frozen=True):
    """Take and confirm nothing of an older epoch from now on."""


class Promote(Order, frozen=True):
    """Become primary of this epoch, until your clock shows so much: if you are still the run that was chosen."""

    until_ms: int
    run_id: str


class Follow(Order, frozen=True):
    """Become a replica of this primary."""

    host: str
    port: int


class InSync(Order, frozen=True):
    """These replicas count for this durability; of two such orders the higher version holds."""

    version: int
    durability: str
    names: tuple[str, ...]


class Pause(Order, frozen=True):
    """Hold writes, for so long at most."""

    for_ms: int


class Resume(Order, frozen=True):
    """Hold them no longer."""
