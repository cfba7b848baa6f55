"""What a group does next: a pure function of what is seen and of the time. The state store holds the facts.

    no lease on the group        acquire it: only its holder gives orders
    a request whose time is up   it has failed                                         (requests)
    no leader, or it is lost     election: take an epoch, seal, choose, name            (election)
    a leader                     lease it, promote it if it is not primary yet; then
                                 replicas follow it, the in-sync set keeps its law      (insync)
                                 operators' requests                                    (requests)
    always                       lead clients to who serves

Every step is small and read back from store and nodes before the next, so whoever dies between two steps leaves nothing
that the next turn, or the next supervisor, would not see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from memcluster.redis.group import insync, requests
from memcluster.redis.group.election import begin, elect, highest_epoch, outlast
from memcluster.redis.group.orders import Follow, Lease, Promote
from memcluster.redis.group.reports import changed_reports, leaving
from memcluster.redis.group.view import Acquire, KeepAlive, Point, Pointed, Tell, Wait

if TYPE_CHECKING:
    from memcluster.redis.group.state import GroupState
    from memcluster.redis.group.view import Action, Held, NodeView, View


def decide(view: View, now: float) -> list[Action]:
    """What is to be done now, in this order; what fails ends the turn."""
    state = view.state
    if state is None:
        return [Wait(sentence="the state store does not answer: the primary serves as long as its lease lasts")]
    held = view.held
    if held is None or state.holder is None or state.holder.lease != held.lease or now >= held.deadline:
        return [_take_the_group(view, state)]
    actions: list[Action] = []
    if now + view.settings.probe > held.renewed_at + view.settings.lease_renew:
        # What follows is done only if this succeeds, and then the lease is one of now.
        actions.append(KeepAlive(held.lease))
        held = replace(held, renewed_at=now)
    if late := requests.late(view, state):
        return [*actions, late, *_point(view, state)]
    if state.leader.node is None:
        actions += elect(view, state, now) if state.leader.epoch else [_first_election(view, state)]
    else:
        actions += _lead(view, state, held, now)
    return [*actions, *_point(view, state)]


def _take_the_group(view: View, state: GroupState) -> Action:
    holder = state.holder
    if holder is None:
        return Acquire(sentence="this supervisor takes the group")
    if holder.name == view.me:
        return KeepAlive(holder.lease)
    if view.may_take_over:
        return Acquire(holder, sentence=f"this supervisor takes the group over: {holder.name} is gone")
    return Wait(sentence=f"{holder.name} supervises the group")


def _first_election(view: View, state: GroupState) -> Action:
    return begin(state, "the group's first start", above=highest_epoch(view))


def _lead(view: View, state: GroupState, held: Held, now: float) -> list[Action]:
    """A node is named. It is kept primary until it is lost."""
    leader = state.leader
    primary = view.find(leader.node)
    if primary is None:
        return [begin(state, f"{leader.node} is no longer known", avoid=leader.node)]
    if why := _why_lost(view, state, primary, now):
        highest = highest_epoch(view)
        return [begin(state, why, above=highest, avoid=primary.name if requests.is_test(state) else None)]
    status = primary.status
    if not primary.is_reachable or status is None:
        left = max(0.0, view.bound(primary.name) - now)
        return [outlast(view, left, f"{primary.name} does not answer: its lease ends in {left:.1f} s")]
    actions: list[Action] = []
    if not requests.is_test(state):
        actions += _lease(view, state, primary, held)
    if status.role != "primary" or status.epoch != leader.epoch:
        return actions
    if step := insync.adjust(view, state, primary, now):
        actions.append(step)
    actions += _follow(view, state, primary)
    actions += requests.serve(view, state, primary, now)
    return [*actions, *leaving(view, state), *changed_reports(view, state, now)]


def _why_lost(view: View, state: GroupState, primary: NodeView, now: float) -> str | None:
    """Why the node that is named can be primary no longer; None: it can."""
    status, name = primary.status, primary.name
    if primary.is_over:
        return f"the process of {name} ended"
    if status and status.run_id != state.leader.run_id:
        return f"{name} was started again"
    if (highest := highest_epoch(view)) > state.leader.epoch:
        return f"a node has seen epoch {highest}"
    has_run_out = now >= view.bound(name)
    if requests.is_test(state) and has_run_out:
        return f"a test: the lease of {name} has run out"
    if (
        not primary.is_reachable
        and has_run_out
        and now - max(primary.answered_at, view.led_since) > (view.settings.patience)
    ):
        return f"{name} does not answer and its lease has run out"
    return None


def _lease(view: View, state: GroupState, primary: NodeView, held: Held) -> list[Action]:
    """Its lease ends before ours does, by the margin; its clock was read before it answered, so rather earlier."""
    status, epoch = primary.status, state.leader.epoch
    assert status
    left_ms = int((held.deadline - view.settings.lease_margin - primary.answered_at) * 1000)
    if left_ms <= 0:
        return []
    until_ms = status.clock_ms + left_ms
    if status.role != "primary" or status.epoch != epoch:
        order = Promote(epoch, until_ms, state.leader.run_id)
        return [Tell(primary.config, order, held.deadline, sentence=f"{primary.name} is told that it is primary")]
    # What it says, not what it was told: an order may be lost.
    if left_ms - status.lease_left_ms >= view.settings.lease_renew.milliseconds // 2:
        return [Tell(primary.config, Lease(epoch, until_ms), held.deadline)]
    return []


def _follow(view: View, state: GroupState, primary: NodeView) -> list[Action]:
    """All others are told, once more as long as they have no link: to who follows already it says nothing new."""
    epoch, to = state.leader.epoch, primary.config
    actions: list[Action] = []
    for node in view.others(primary.name):
        status = node.status
        if not node.is_reachable or status is None:
            continue
        is_told = status.role == "replica" and status.primary == to.address and status.epoch == epoch
        if not is_told or status.link in {"none", "down"}:
            sentence = "" if is_told else f"{node.name} follows {primary.name}"
            actions.append(Tell(node.config, Follow(epoch, to.host, to.port), sentence=sentence))
    return actions


def _point(view: View, state: GroupState) -> list[Action]:
    """Clients go to the primary that says it is one; readers to replicas that follow it, or else to it."""
    primary = view.find(state.leader.node)
    status = primary.status if primary and not primary.is_over else None
    is_serving = (
        status is not None
        and status.role == "primary"
        and (status.epoch, status.run_id) == (state.leader.epoch, state.leader.run_id)
    )
    patience = view.settings.patience
    if not is_serving or primary is None:
        pointed = Pointed(None, view.pointed.readers if state.leader.node else ())
    else:
        readers = tuple(
            node.name
            for node in view.others(primary.name)
            if not node.is_over
            and node.status
            and node.status.role == "replica"
            and node.status.is_whole
            and primary.answered_at - node.followed_at <= patience
            and primary.answered_at - node.answered_at <= patience
        )
        pointed = Pointed(primary.name, readers or (primary.name,))
    return [Point(pointed)] if pointed != view.pointed else []
