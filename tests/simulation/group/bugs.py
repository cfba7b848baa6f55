"""Faults to be planted: each is what the simulation must find. `Bugs()` has none.

Those of the nodes are flags that the simulated nodes look at; those of the decisions replace a function that ships.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from msgspec.structs import replace

from memcluster.redis.group import decide, election, insync
from memcluster.redis.group.view import NEVER, Record, View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from memcluster.cluster.store.entries import Compare
    from tests.simulation.group.node import Node


@dataclass(frozen=True)
class Bugs:
    """What is wrong with the nodes and the store."""

    forgets_epochs: bool = False
    forgets_versions: bool = False
    acknowledges_early: bool = False
    takes_time_from_receipt: bool = False
    compares_nothing: bool = False

    def deadline(self, node: Node, until: float) -> float:
        """When a lease ends. Planted: as long after it was executed as it would have lasted after it was sent."""
        return node.clock() + node.world.settings.lease_ttl if self.takes_time_from_receipt else until

    def confirmed(self, node: Node, confirmed: int, acks: Sequence[int]) -> int:
        """What enough replicas hold. Planted: one fewer is enough."""
        if not self.acknowledges_early or not node.k:
            return confirmed
        return len(node.log) if node.k == 1 else acks[node.k - 2] if len(acks) >= node.k - 1 else 0

    def compares(self, compares: Sequence[Compare]) -> Sequence[Compare]:
        """What a commit depends on. Planted: nothing."""
        return () if self.compares_nothing else compares


def _leaves_in_one_step(*arguments: Any) -> Any:
    """Removes from the store's list at once what the primary still counts."""
    action = _leave(*arguments)
    if not action:
        return None
    sync = action.facts["sync"]
    members = {name: run for name, run in sync.members.items() if name in sync.counted}
    return Record({"sync": replace(sync, members=members)}, event=action.event, sentence=action.sentence)


def _raises_in_the_store_first(state: Any) -> Any:
    action = _change_durability(state)
    if action:
        sync = action.facts["sync"]
        action = replace(action, facts={"sync": replace(sync, k=insync.replicas_needed(sync.durability))})
    return action


def _lowers_at_the_primary_first(state: Any) -> Any:
    action = _change_durability(state)
    return replace(action, facts={"sync": replace(action.facts["sync"], k=state.sync.k)}) if action else None


def _needs_one(view: Any, state: Any, sealed: Any) -> Any:
    """Is content with any member of the in-sync set."""
    names = state.sync.members
    return [node for node in sealed if node.name in names] or _certain(view, state, sealed)


def _ignores_restarts(view: Any, state: Any, sealed: Any) -> Any:
    """Takes a node that was started again for what it was."""
    runs = {node.name: node.status.run_id for node in view.nodes if node.status}
    sync = state.sync
    sync = replace(
        sync,
        leader_run=runs.get(sync.leader, ""),
        members={name: runs.get(name, "") for name in sync.members},
    )
    return _certain(view, replace(state, sync=sync), sealed)


_leave, _change_durability = insync._leave, insync._change_durability
_certain, _lease = election._certain, decide._lease


def _least(view: Any, state: Any, pool: Any) -> Any:
    return min(pool, key=lambda node: node.log)


def _outlasts(*arguments: Any) -> Any:
    """Lets the primary serve longer than is reckoned with."""
    actions = _lease(*arguments)
    return [replace(each, order=replace(each.order, until_ms=each.order.until_ms + 700)) for each in actions]


@dataclass(frozen=True)
class Plant:
    """A fault by name, the kinds of trouble that show it (without them: any), and in how many schedules at most."""

    name: str
    bugs: Bugs = Bugs()
    instead: tuple[Any, str, Callable[..., Any]] | None = None
    shown_by: tuple[str, ...] = ()
    schedules_max: int = 1000

    @contextmanager
    def planted(self) -> Iterator[Bugs]:
        """While it is there."""
        if self.instead is None:
            yield self.bugs
            return
        with patch.object(*self.instead):
            yield self.bugs


PLANTS = (
    Plant("two leaders: nobody waits until the old one has stopped", instead=(View, "bound", lambda *_: NEVER)),
    Plant(
        "two leaders: two supervisors write over each other's facts",
        Bugs(compares_nothing=True),
        shown_by=("crash", "partition", "freeze", *["second_supervisor"] * 6),
    ),
    Plant(
        "two leaders: a lease lasts from when it was executed",
        Bugs(takes_time_from_receipt=True),
        shown_by=("slow_network", "freeze", "partition"),
    ),
    Plant(
        "two leaders: the primary serves longer than is reckoned with",
        instead=(decide, "_lease", _outlasts),
        shown_by=("partition", "freeze_supervisor", "crash_supervisor"),
    ),
    Plant("early acknowledgement", Bugs(acknowledges_early=True)),
    Plant(
        "forgotten epoch: a node takes orders, frames and confirmations of any",
        Bugs(forgets_epochs=True),
        shown_by=("slow_network", "freeze", "ask_for_failover", "partition"),
    ),
    Plant(
        "forgotten version: a node takes an older in-sync set",
        Bugs(forgets_versions=True),
        shown_by=("slow_network", "change_durability", "crash"),
    ),
    Plant("wrong order: a member leaves the store first", instead=(insync, "_leave", _leaves_in_one_step)),
    Plant(
        "wrong order: a member joins before it has caught up",
        instead=(insync, "_holds", lambda *_: True),
        shown_by=("slow_replication", "slow_replication", "crash", "freeze"),
    ),
    Plant(
        "wrong order: more are waited for, the store first",
        instead=(insync, "_change_durability", _raises_in_the_store_first),
    ),
    Plant(
        "wrong order: fewer are waited for, the primary first",
        instead=(insync, "_change_durability", _lowers_at_the_primary_first),
    ),
    Plant("election: any member will do", instead=(election, "_certain", _needs_one)),
    Plant("election: who was started again counts as before", instead=(election, "_certain", _ignores_restarts)),
    Plant("election: the least advanced", instead=(election, "_best", _least)),
)
