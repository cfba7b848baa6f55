"""What a supervisor does next: a pure function of what it sees and of the time. Knows no process and no clock.

    ended ──(backoff)──> Start ──> starting ──ready──> serving ──exit──> ended
                                                           │
                         drain: Stop the proxy, then the nodes; Kill what takes too long

A process that dies is started again, at once the first time, then after a delay that doubles up to a limit, for ever.
One that never served, though, was told something wrong: a cluster that has not been up yet gives up on it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from memcluster.config import Seconds

if TYPE_CHECKING:
    from memcluster.cluster.settings import ClusterSettings


class Role(Enum):
    """What a process is for. Stops go in this order: the proxy serves until no client is left to serve."""

    PROXY = "proxy"
    NODE = "node"
    REDIS = "redis"


class State(Enum):
    """What is seen of a process."""

    ENDED = "ended"
    STARTING = "starting"
    SERVING = "serving"


@dataclass(frozen=True)
class Member:
    """A process of the cluster as it is seen. Times are the supervisor's clock, in seconds."""

    name: str
    role: Role
    state: State = State.ENDED
    since: float = 0.0
    failures: int = 0
    starts: int = 0
    has_served: bool = False
    stop_sent_at: float | None = None
    kill_sent: bool = False
    start_timeout: float | None = None
    """Of its own, for one that has much to load; None: the setting."""
    is_retired: bool = False
    """It is needed no longer: it is stopped and not started again."""

    @property
    def restarts(self) -> int:
        """How often it was started again."""
        return max(0, self.starts - 1)


@dataclass(frozen=True)
class View:
    """The whole cluster as it is seen."""

    members: tuple[Member, ...]
    is_draining: bool = False

    def find(self, name: str) -> Member:
        """The member of this name."""
        return next(member for member in self.members if member.name == name)

    def put(self, changed: Member) -> View:
        """The same with one member changed."""
        return replace(self, members=tuple(changed if m.name == changed.name else m for m in self.members))

    @property
    def has_ended(self) -> bool:
        """Whether nothing is left to do."""
        return self.is_draining and all(member.state is State.ENDED for member in self.members)

    def is_wanted(self, name: str) -> bool:
        """Whether it is to run."""
        return not self.is_draining and not self.find(name).is_retired

    @property
    def is_serving(self) -> bool:
        """Whether every process serves."""
        return all(member.state is State.SERVING for member in self.members if not member.is_retired)


@dataclass(frozen=True)
class Start:
    """Start this process."""

    name: str


@dataclass(frozen=True)
class Stop:
    """Ask this process to end."""

    name: str


@dataclass(frozen=True)
class Kill:
    """End this process now."""

    name: str


@dataclass(frozen=True)
class GiveUp:
    """Nothing sensible can be done any more; drain and say why."""

    name: str
    why: str


Action = Start | Stop | Kill | GiveUp


def decide(view: View, now: float, settings: ClusterSettings) -> list[Action]:
    """What is to be done now."""
    if view.is_draining:
        return _drain(view, now, settings)
    actions: list[Action] = []
    for member in view.members:
        if member.is_retired:
            actions += _stop(member, now, settings) if member.state is not State.ENDED else []
        elif member.state is State.ENDED:
            if member.failures and not member.has_served:
                return [GiveUp(member.name, "it ended before it served")]
            if now >= restart_at(member, settings):
                actions.append(Start(member.name))
        elif member.state is State.STARTING and now >= _start_deadline(member, settings):
            if not member.has_served:
                return [GiveUp(member.name, f"it does not serve after {_start_timeout(member, settings)}")]
            if not member.kill_sent:
                actions.append(Kill(member.name))
    return actions


def wake_at(view: View, settings: ClusterSettings) -> float | None:
    """When there is something to decide though nothing happens; None: not before something happens."""
    times: list[float] = []
    for member in view.members:
        if member.stop_sent_at is not None and member.state is not State.ENDED and not member.kill_sent:
            times.append(member.stop_sent_at + settings.drain_timeout)
        elif view.is_draining or member.is_retired:
            continue
        elif member.state is State.ENDED:
            times.append(restart_at(member, settings))
        elif member.state is State.STARTING and not member.kill_sent:
            times.append(_start_deadline(member, settings))
    return min(times, default=None)


def restart_at(member: Member, settings: ClusterSettings) -> float:
    """When a process that ended may start again."""
    if member.failures <= 1:
        return member.since
    # The exponent is bounded as the delay is: 2**1000 seconds is no number to compute with.
    delay: float = settings.restart_delay * 2 ** min(member.failures - 2, 30)
    return member.since + min(delay, settings.restart_delay_max)


def _start_timeout(member: Member, settings: ClusterSettings) -> Seconds:
    return settings.start_timeout if member.start_timeout is None else Seconds(member.start_timeout)


def _start_deadline(member: Member, settings: ClusterSettings) -> float:
    return member.since + _start_timeout(member, settings)


def _drain(view: View, now: float, settings: ClusterSettings) -> list[Action]:
    """Stops the first role that still runs; the next only when that one has ended."""
    for role in Role:
        running = [m for m in view.members if m.role is role and m.state is not State.ENDED]
        if running:
            return [action for member in running for action in _stop(member, now, settings)]
    return []


def _stop(member: Member, now: float, settings: ClusterSettings) -> list[Action]:
    if member.stop_sent_at is None:
        return [Stop(member.name)]
    if now >= member.stop_sent_at + settings.drain_timeout and not member.kill_sent:
        return [Kill(member.name)]
    return []


# --- what a member becomes when something happened to it


def started(member: Member, now: float) -> Member:
    """Its process was started."""
    return replace(
        member, state=State.STARTING, since=now, starts=member.starts + 1, stop_sent_at=None, kill_sent=False
    )


def served(member: Member, now: float) -> Member:
    """It said that it serves."""
    return replace(member, state=State.SERVING, since=now, has_served=True)


def ended(member: Member, now: float, settings: ClusterSettings) -> Member:
    """Its process is gone. One that had served for long begins a new count of failures."""
    was_stable = member.state is State.SERVING and now - member.since >= settings.stable_after
    return replace(member, state=State.ENDED, since=now, failures=1 if was_stable else member.failures + 1)
