"""What operators ask for: failover now, a test of one, a switchover. Pure.

    switchover   PAUSE the primary, wait until the candidate has all, then an election that prefers it: nothing is lost
    now          the same, but if the candidate does not catch up in time the election goes on without the old primary
    test         as if the primary had died without a word: its lease is renewed no longer

A primary that is to leave the group hands over by itself first. What has not come about in its time has failed,
whatever it waited for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from memcluster.redis.group.election import begin, outlast
from memcluster.redis.group.insync import is_keeping_up
from memcluster.redis.group.orders import Pause, Resume
from memcluster.redis.group.state import Request
from memcluster.redis.group.view import Record, Tell, Wait

if TYPE_CHECKING:
    from memcluster.redis.group.state import GroupState
    from memcluster.redis.group.view import Action, NodeView, View

SECONDS_BETWEEN_LOOKS = 0.005
"""While writes are held."""
SHARE_TO_CATCH_UP = 0.5
"""Of the time that writes may be held: the rest is for the election."""
PAUSES_BETWEEN = 3.0
"""A switchover that did not come in time is tried again after so many times that writes were held."""
LAG_BYTES_MAX = 4 << 20
"""A candidate further behind is not worth holding writes for yet."""


def is_test(state: GroupState) -> bool:
    """Whether the primary is to be treated as if it were gone."""
    return state.request is not None and state.request.kind == "test"


def late(view: View, state: GroupState) -> Record | None:
    """The end of a request whose time is up."""
    request, epoch = state.request, state.leader.epoch
    if request is None or view.wall <= request.at + view.settings.request_timeout:
        return None
    primary = view.find(state.leader.node)
    why = "there was no candidate in time"
    if state.leader.node is None:
        why = f"there is no primary, and nobody was elected for epoch {epoch} in time"
    elif request.kind != "test" and primary is not None and primary.status is not None:
        candidate = _candidate(view, state, primary, request)
        why = candidate if isinstance(candidate, str) else f"{candidate.name} did not catch up in time"
    return _fail(request, f"{why}: see `memcluster status`")


def serve(view: View, state: GroupState, primary: NodeView, now: float) -> list[Action]:
    """The next step towards what was asked for; the primary answers."""
    request = state.request
    if request is None:
        if not primary.config.is_leaving:
            return []
        request = Request("", "switchover")
    if request.kind == "test":
        left = view.bound(primary.name) - now
        return [outlast(view, left, f"a test: {primary.name} is renewed no longer and serves for {left:.1f} s more")]
    candidate = _candidate(view, state, primary, request)
    if isinstance(candidate, str):
        return [Wait(sentence=f"{request.kind}: {candidate}")]
    return _hand_over(view, state, primary, candidate, now)


def _hand_over(view: View, state: GroupState, primary: NodeView, candidate: NodeView, now: float) -> list[Action]:
    epoch, pause_max = state.leader.epoch, view.settings.pause_max
    paused = view.paused if view.paused and view.paused.epoch == epoch else None
    if paused is None or now > paused.until + PAUSES_BETWEEN * pause_max:
        order = Pause(epoch, pause_max.milliseconds)
        return [Tell(primary.config, order, sentence=f"writes are held: {candidate.name} is to take over")]
    assert primary.status
    assert candidate.status
    are_both_fresh = min(primary.asked_at, candidate.asked_at) >= paused.at
    if now < paused.until and are_both_fresh and candidate.status.offset >= primary.status.offset:
        return [begin(state, f"{candidate.name} takes over from {primary.name}", prefer=candidate.name)]
    if now < paused.until - pause_max * (1 - SHARE_TO_CATCH_UP):
        return [Wait(seconds=SECONDS_BETWEEN_LOOKS)]
    if state.request and state.request.kind == "now":
        return [begin(state, "failover now, though not every write has been replicated", avoid=primary.name)]
    if now < paused.until:
        return [Tell(primary.config, Resume(epoch), sentence=f"{candidate.name} did not catch up: writes go on")]
    return []


def _candidate(view: View, state: GroupState, primary: NodeView, request: Request) -> NodeView | str:
    """Who is to take over, or why nobody can yet."""
    if request.to == primary.name:
        return f"{request.to} is the primary already"
    if request.to and view.find(request.to) is None:
        names = ", ".join(node.name for node in view.others(primary.name))
        return f"there is no node {request.to}; there are {names or 'no others'}"
    ready = [node for node in view.others(primary.name) if _is_ready(view, state, primary, node)]
    if request.to:
        return next((node for node in ready if node.name == request.to), f"{request.to} is not in sync")
    if not ready:
        return "no replica is in sync"
    return max(ready, key=lambda node: (node.config.zone != primary.config.zone, node.log, -view.nodes.index(node)))


def _is_ready(view: View, state: GroupState, primary: NodeView, node: NodeView) -> bool:
    assert primary.status
    if not node.is_reachable or node.status is None or node.is_over or node.config.is_leaving:
        return False
    if state.sync.k and node.name not in state.sync.counted:
        return False
    attached = next((each for each in primary.status.replicas if each.name == node.name), None)
    return (
        attached is not None
        and is_keeping_up(attached.state, attached.lag_ms, view)
        and node.status.is_whole
        and node.status.log_epoch == state.leader.epoch
        and primary.status.offset - node.status.offset <= LAG_BYTES_MAX
    )


def _fail(request: Request, why: str) -> Record:
    what = request.kind if request.kind == "switchover" else f"failover {request.kind}"
    return Record({"request": None}, event="failed", request=request.id, sentence=f"{what} did not come about: {why}")
