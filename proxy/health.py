"""What to do about nodes that fail: `decide(view, now)`, pure over frozen values.

The router counts failures and marks a node down; only probes bring it back, never clients' requests. One node's way:

    up --the router says down--> WAITING --due--> PROBING --answered, often enough--> ANSWERED --BringUp--> up
                                    ^                |                                   |
                                    +---- failed ----+                      was out: FLUSHING --acknowledged--> CLEAN
                                    +------------------------ failed ------------+           --BringUp--> up

A node of a pool with `down = "eject"` leaves the rings (Eject) as soon as it is down. Before it is let in again what it
holds is invalidated by an acknowledged flush_all, since others have answered for its keys meanwhile. It must answer
`probes_needed` times, an interval apart, before that: so requests that still lie in a hung node's sockets are
executed before the flush, not after it.

The others hold strays then: what they took for the node while it was out. Should it go out again they would be read,
older than what it holds by then. So they are deleted (Sweep), and until they are nothing else is ejected.
This module knows no socket, no clock and no router.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

STABLE_INTERVALS = 20
"""A node that goes down again within so many probe intervals of its return is flapping: its backoff goes on."""
SWEEPS_MAX = 3
"""Sweeps of a node that may fail before it is taken for down: then it is flushed before it returns."""


class Step(Enum):
    """How far a down node has come."""

    WAITING = "waiting"
    PROBING = "probing"
    ANSWERED = "answered"
    FLUSHING = "flushing"
    CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class Pace:
    """How often nodes are probed, and what is enough."""

    interval: float = 0.5
    interval_max: float = 10.0
    probes_needed: int = 2


@dataclass(frozen=True, slots=True)
class NodeView:
    """One node as health sees it."""

    name: str
    address: str = ""
    ejects: bool = False
    is_up: bool = True
    is_out: bool = False
    step: Step = Step.WAITING
    due: float = 0.0
    failures: int = 0
    answers: int = 0
    up_since: float = float("-inf")
    strays: int = 0
    """Returns of other nodes since it was last swept."""
    sweeping: int = 0
    """How many of them the sweep under way will have settled."""
    sweeps_failed: int = 0


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do for one node, and the sentence for the log."""

    name: str
    sentence: str


class Eject(Action):
    """Install rings without it."""


class Probe(Action):
    """Connect and ask for its version."""


class Flush(Action):
    """Have it acknowledge flush_all."""


class BringUp(Action):
    """Let it take traffic; if it was out, install rings with it."""


class Sweep(Action):
    """Delete what it holds for nodes that are back."""


class TakeDown(Action):
    """Mark it down, although it has not failed requests."""


def decide(view: tuple[NodeView, ...], now: float) -> list[Action]:
    """What is to be done now. Doing it changes the view (see `begun`), so that nothing is said twice."""
    may_eject = not any(node.strays for node in view if node.is_up)
    actions: list[Action] = []
    for node in view:
        if not node.is_up:
            actions += _for_down(node, now, may_eject)
        elif node.sweeps_failed >= SWEEPS_MAX:
            actions.append(TakeDown(node.name, f"{node.name} does not let its keys be read: taking it for down"))
        elif node.strays and not node.sweeping and now >= node.due:
            actions.append(Sweep(node.name, f"{node.name}: deleting what it held for nodes that are back"))
    return actions


def next_due(view: tuple[NodeView, ...]) -> float:
    """When something will have to be done if nothing happens before."""
    waiting = (node.due for node in view if _is_waiting(node))
    return min(waiting, default=float("inf"))


def _is_waiting(node: NodeView) -> bool:
    return node.strays > 0 and not node.sweeping if node.is_up else node.step is Step.WAITING


def _for_down(node: NodeView, now: float, may_eject: bool) -> list[Action]:
    actions: list[Action] = []
    if may_eject and node.ejects and not node.is_out:
        actions.append(Eject(node.name, f"{node.name} is down: its keys go to the other nodes until it is back"))
    if node.step is Step.WAITING and now >= node.due:
        actions.append(Probe(node.name, f"{node.name} is down: probing it"))
    elif node.step is Step.ANSWERED and (node.is_out or node.ejects):
        actions.append(Flush(node.name, f"{node.name} answers again: invalidating what it holds before it returns"))
    elif node.step in (Step.ANSWERED, Step.CLEAN):
        actions.append(BringUp(node.name, f"{node.name} is back"))
    return actions


# --- what happens to a node


def went_down(node: NodeView, now: float, pace: Pace, jitter: float) -> NodeView:
    """The router has marked it down."""
    is_flapping = now - node.up_since < STABLE_INTERVALS * pace.interval
    failures = node.failures + 1 if is_flapping else 0
    return replace(
        node,
        is_up=False,
        step=Step.WAITING,
        failures=failures,
        answers=0,
        due=now + _pause(failures, pace, jitter),
    )


def begun(node: NodeView, action: Action) -> NodeView:
    """The action is under way (Probe, Flush, Sweep) or done (Eject)."""
    match action:
        case Eject():
            return replace(node, is_out=True)
        case Sweep():
            return replace(node, sweeping=node.strays)
        case Probe():
            return replace(node, step=Step.PROBING)
        case _:
            return replace(node, step=Step.FLUSHING)


def succeeded(node: NodeView, now: float, pace: Pace) -> NodeView:
    """The probe was answered, or the flush acknowledged."""
    if node.step is Step.FLUSHING:
        return replace(node, step=Step.CLEAN)
    if node.answers + 1 < pace.probes_needed:
        return replace(node, step=Step.WAITING, answers=node.answers + 1, due=now + pace.interval)
    return replace(node, step=Step.ANSWERED, answers=node.answers + 1)


def failed(node: NodeView, now: float, pace: Pace, jitter: float) -> NodeView:
    """The probe or the flush failed: try again, later each time."""
    failures = node.failures + 1
    due = now + _pause(failures, pace, jitter)
    return replace(node, step=Step.WAITING, failures=failures, answers=0, due=due)


def brought_up(node: NodeView, now: float) -> NodeView:
    """It takes traffic again; if it was flushed, it holds nothing of others."""
    strays = 0 if node.step is Step.CLEAN else node.strays
    return replace(
        node, is_up=True, is_out=False, step=Step.WAITING, answers=0, up_since=now, strays=strays, sweeping=0,
        sweeps_failed=0, due=now,
    )  # fmt: skip


def has_heired(node: NodeView) -> NodeView:
    """Another node is back whose keys it may have taken."""
    return replace(node, strays=node.strays + 1)


def swept(node: NodeView) -> NodeView:
    """Its strays are gone, except what came since the sweep began."""
    return replace(node, strays=max(node.strays - node.sweeping, 0), sweeping=0, sweeps_failed=0)


def not_swept(node: NodeView, now: float, pace: Pace) -> NodeView:
    """The sweep failed: try again, but not for ever, since ejections wait for it."""
    due = now + pace.interval if node.is_up else node.due
    return replace(node, sweeping=0, sweeps_failed=node.sweeps_failed + 1, due=due)


def _pause(failures: int, pace: Pace, jitter: float) -> float:
    """The interval, doubled with each failure up to its limit, times 0.5 to 1 (`jitter` is 0 to 1)."""
    grown = min(pace.interval * 2.0 ** min(failures, 30), pace.interval_max)
    return grown * (0.5 + jitter / 2)
