"""The in-sync set and its law: pure. What the store lists is what a failover relies on; what the primary counts is what
a write waits for. Between them always holds:

    the primary counts only members that the store lists, and waits for at least the k that the store names;
    at least k of the listed members hold all that was confirmed (all of them, if they are fewer than k).

Confirmed is what the primary saw on k counted replicas: in sync(k) it acknowledges nothing else, in bounded(T) (k = 1)
nothing else that is older than T. In async k is 0 and the set is for people.

So any n-k+1 of the members have one among them that holds everything. One step at a time keeps the law:

    a member joins      store, then primary: it holds what the primary had at a time when others were waited for
    a member leaves     primary, then store: once enough of the rest hold what the primary had when it was told
    more are waited for primary, then store: once enough hold what the primary had then
    fewer               store, then primary

Each step that touches the store writes a new version of what the primary is to be told; the primary says which version
it has executed. Its offset at that time is the mark that the rest must pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from memcluster.redis.group.orders import InSync
from memcluster.redis.group.state import replicas_needed
from memcluster.redis.group.view import Mark, Record, Tell

if TYPE_CHECKING:
    from memcluster.redis.group.orders import Status
    from memcluster.redis.group.state import GroupState, Sync
    from memcluster.redis.group.view import Action, NodeView, View


def adjust(view: View, state: GroupState, primary: NodeView, now: float) -> Action | None:
    """The next step of the in-sync set, if there is one to take."""
    sync, status = state.sync, primary.status
    assert status
    if status.in_sync_version != sync.version:
        return Tell(primary.config, InSync(sync.epoch, sync.version, sync.durability, sync.counted))
    mark = view.mark
    if mark is None or not _is_of(mark, sync, status):
        return None
    return (
        _finish_leaving(view, sync, mark)
        or _finish_raising(view, sync, mark)
        or _change_durability(state)
        or _leave(view, state, sync, now)
        or _join(view, state, primary, status, mark)
    )


def next_mark(view: View) -> Mark | None:
    """The mark for the next decision: a new one if the version changed or enough members have passed the old one."""
    state = view.state
    primary = view.find(state.leader.node) if state else None
    if state is None or primary is None or not primary.is_reachable or primary.status is None:
        return view.mark
    sync, status, mark = state.sync, primary.status, view.mark
    if status.role != "primary" or status.epoch != sync.epoch or status.in_sync_version != sync.version:
        return None
    if mark and _is_of(mark, sync, status) and not _is_settled(view, mark, sync.members, sync.k):
        return mark
    return Mark(sync.epoch, sync.version, status.run_id, status.offset)


def _is_of(mark: Mark, sync: Sync, status: Status) -> bool:
    return (mark.epoch, mark.version, mark.run_id) == (sync.epoch, sync.version, status.run_id)


def _holds(view: View, name: str, run_id: str, mark: Mark) -> bool:
    """Whether this run of this node holds what the primary had at the mark: offsets compare within an epoch's log."""
    node = view.find(name)
    status = node.status if node and node.is_reachable and not node.is_over else None
    return (
        status is not None
        and status.run_id == run_id
        and status.log_epoch == mark.epoch
        and status.is_whole
        and status.offset >= mark.offset
    )


def _is_settled(view: View, mark: Mark, members: dict[str, str], k: int) -> bool:
    """Whether these members may be listed with this k: enough of them hold what was at the mark."""
    holding = sum(_holds(view, name, run_id, mark) for name, run_id in members.items())
    return holding >= min(k, len(members))


def _finish_leaving(view: View, sync: Sync, mark: Mark) -> Action | None:
    left = [name for name in sync.members if name not in sync.counted]
    rest = {name: sync.members[name] for name in sync.counted}
    if left and _is_settled(view, mark, rest, sync.k):
        return Record({"sync": replace(sync, members=rest)}, sentence=f"{', '.join(left)} left the in-sync set")
    return None


def _finish_raising(view: View, sync: Sync, mark: Mark) -> Action | None:
    k = replicas_needed(sync.durability)
    if k > sync.k and _is_settled(view, mark, sync.members, k):
        return Record({"sync": replace(sync, k=k)}, sentence=f"every acknowledged write is on {k} replicas from now on")
    return None


def _change_durability(state: GroupState) -> Action | None:
    sync, wanted = state.sync, state.config.durability
    if wanted == sync.durability:
        return None
    changed = replace(sync, k=min(sync.k, replicas_needed(wanted)), durability=wanted, version=sync.version + 1)
    return Record(
        {"sync": changed}, event="durability", sentence=f"durability becomes {wanted} (was {sync.durability})"
    )


def _leave(view: View, state: GroupState, sync: Sync, now: float) -> Action | None:
    for name in sync.counted:
        if why := _why_out(view, state, name, now):
            counted = tuple(each for each in sync.counted if each != name)
            return Record(
                {"sync": replace(sync, counted=counted, version=sync.version + 1)},
                event="out-of-sync",
                node=name,
                sentence=f"{name} is out of sync: {why}",
            )
    return None


def _why_out(view: View, state: GroupState, name: str, now: float) -> str | None:
    """Why a member counts no longer; None: it does."""
    sync, node, patience = state.sync, view.find(name), view.settings.patience
    if node is None or node.config.is_leaving:
        return "the group is to do without it"
    if node.is_over or (node.status and node.status.run_id != sync.members[name]):
        return "its process ended"
    # Writes would wait without it as well, and it holds all that was acknowledged: a failover may need it.
    is_needed = len(sync.counted) <= sync.k
    if not is_needed and now - max(node.followed_at, view.led_since) > patience:
        return f"the primary has waited for it for {patience}"
    # It may follow well: but the fewer must answer for a failover, the better.
    if not is_needed and now - max(node.answered_at, view.led_since) > patience:
        return f"it has not answered for {patience}"
    return None


def _join(view: View, state: GroupState, primary: NodeView, status: Status, mark: Mark) -> Action | None:
    sync = state.sync
    attached = {each.name for each in status.replicas if is_keeping_up(each.state, each.lag_ms, view)}
    joining = {
        node.name: node.status.run_id
        for node in view.others(primary.name)
        if node.name in attached
        and node.name not in sync.members
        and node.status
        and not node.config.is_leaving
        and _holds(view, node.name, node.status.run_id, mark)
    }
    if not joining:
        return None
    members = sync.members | joining
    counted = (*sync.counted, *joining)
    return Record(
        {"sync": replace(sync, members=members, counted=counted, version=sync.version + 1)},
        event="in-sync",
        node=next(iter(joining)),
        sentence=f"{', '.join(joining)} {'is' if len(joining) == 1 else 'are'} in sync",
    )


def is_keeping_up(state: str, lag_ms: int, view: View) -> bool:
    """Whether a replica, as its primary sees it, has nearly all."""
    return state == "online" and lag_ms <= view.settings.patience.milliseconds
