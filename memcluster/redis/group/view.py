"""What a group's loop sees and what it can do: values between `loop` and `decide`. Times are the supervisor's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from memcluster.redis.group.orders import Order, Status
    from memcluster.redis.group.settings import GroupSettings
    from memcluster.redis.group.state import GroupState, Holder, NodeConfig

NEVER = float("-inf")


class NodeView(msgspec.Struct, frozen=True):
    """A node as it is seen."""

    config: NodeConfig
    status: Status | None = None
    """Its last answer, however old."""
    asked_at: float = NEVER
    answered_at: float = NEVER
    is_reachable: bool = False
    """It has answered when it was asked last."""
    followed_at: float = NEVER
    """When the primary last said that it is attached and has nearly all."""
    is_over: bool = False
    """The process that gave the last answer (any, if none did) has certainly ended."""

    @property
    def name(self) -> str:
        """Its name."""
        return self.config.name

    @property
    def log(self) -> tuple[int, int]:
        """How much its log holds, comparable within a group."""
        return (self.status.log_epoch, self.status.offset) if self.status else (0, 0)


class Held(msgspec.Struct, frozen=True):
    """Our lease on the group in the store."""

    lease: int
    ttl: float
    renewed_at: float

    @property
    def deadline(self) -> float:
        """Reckoned from before it was asked for, so it ends rather later."""
        return self.renewed_at + self.ttl


class Mark(msgspec.Struct, frozen=True):
    """The primary's offset once it had executed the order of this version: `insync` waits until replicas pass it."""

    epoch: int
    version: int
    run_id: str
    offset: int


class Paused(msgspec.Struct, frozen=True):
    """Writes are held at the primary of this epoch, since `at` for certain and not longer than `until`."""

    epoch: int
    at: float
    until: float


class Pointed(msgspec.Struct, frozen=True):
    """Where clients are led."""

    primary: str | None = None
    readers: tuple[str, ...] = ()


class View(msgspec.Struct, frozen=True):
    """Everything a decision may depend on."""

    settings: GroupSettings
    me: str
    wall: float
    state: GroupState | None
    """None: the store does not answer."""
    nodes: tuple[NodeView, ...] = ()
    held: Held | None = None
    bounds: dict[str, float] = {}
    """Until when a node may take itself for the primary, by orders that we gave."""
    bound_of_others: float = NEVER
    """The same by orders of the supervisor before us."""
    may_take_over: bool = False
    """The holder of the group's lease is certainly gone."""
    mark: Mark | None = None
    paused: Paused | None = None
    led_since: float = NEVER
    """When we first saw this epoch's primary named."""
    pointed: Pointed = Pointed()
    reported_at: float = NEVER

    def find(self, name: str | None) -> NodeView | None:
        """The node of this name."""
        return next((node for node in self.nodes if node.config.name == name), None)

    def others(self, name: str | None) -> Iterator[NodeView]:
        """All nodes but this."""
        return (node for node in self.nodes if node.config.name != name)

    def bound(self, name: str) -> float:
        """When this node has certainly stopped to serve, if nobody orders otherwise."""
        return max(self.bounds.get(name, NEVER), self.bound_of_others)


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """Something to do, and the sentence for the log ("": none worth it)."""

    sentence: str = ""


class Acquire(Action, frozen=True):
    """Take the group's lease, which nobody has, or (`holder`) whose holder is gone."""

    holder: Holder | None = None


class KeepAlive(Action, frozen=True):
    """Begin our lease in the store anew."""

    lease: int


class Record(Action, frozen=True):
    """Write facts if none has changed since they were read and the lease is ours; with them an event, if it has a kind.

    A fact that becomes None is removed.
    """

    facts: dict[str, object]
    event: str = ""
    node: str | None = None
    request: str | None = None


class Tell(Action, frozen=True):
    """Give an order. `lasts_until`: what it allows has certainly ended by then."""

    node: NodeConfig
    order: Order
    lasts_until: float = NEVER


class Point(Action, frozen=True):
    """Lead clients elsewhere."""

    pointed: Pointed


class Retire(Action, frozen=True):
    """The group needs this node no longer."""

    node: str


class Wait(Action, frozen=True):
    """Nothing can be done before something happens, or before so many seconds have passed: then nobody is asked again
    who does not answer, so that the decision comes on time.
    """

    seconds: float | None = None
    unsaid_for: float = 0.0
    """The sentence is news only once it has been true for so many seconds."""
