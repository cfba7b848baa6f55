"""Who becomes primary: pure. An election takes an epoch first, so no other can use it, then seals, then chooses.

    leader {None, e+1}  ->  SEAL e+1 to all that answer  ->  leader {b, e+1}  ->  PROMOTE e+1 to b

A sealed node takes and confirms nothing of an older epoch, so the old primary gains no acknowledgement any more and the
logs stand still while they are compared. Nobody is named before every other node has certainly stopped to serve: it is
sealed, its process has ended, or the lease that it had has run out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from memcluster.redis.group.orders import Seal
from memcluster.redis.group.state import Leader, Sync, replicas_needed
from memcluster.redis.group.view import Record, Tell, Wait

if TYPE_CHECKING:
    from memcluster.redis.group.state import GroupState
    from memcluster.redis.group.view import Action, NodeView, View

FIRST_ANSWERS_SECONDS = 10.0
"""Until the nodes of a new group answer: before that, that one does not is no news."""


def begin(
    state: GroupState, why: str, *, above: int = 0, prefer: str | None = None, avoid: str | None = None
) -> Record:
    """Takes the next epoch for an election; `above`: the highest that any node has seen."""
    epoch = max(state.leader.epoch, above) + 1
    previous = state.leader.node or state.leader.previous
    leader = Leader(epoch, previous=previous, why=why, prefer=prefer, avoid=avoid)
    return Record({"leader": leader}, event="election", node=previous, sentence=f"election of epoch {epoch}: {why}")


def adopt(view: View, state: GroupState, node: NodeView, why: str) -> Record:
    """Names the primary whose data came from elsewhere while nobody served: nobody else holds them, whatever logs say.

    No log is compared: the offsets of two streams say nothing of each other. The others' leases were over before.
    """
    assert node.status
    epoch = max(state.leader.epoch, highest_epoch(view)) + 1
    config, run_id = state.config, node.status.run_id
    sync = Sync(epoch, node.name, run_id, {}, replicas_needed(config.durability), (), config.durability, version=1)
    leader = Leader(epoch, node.name, run_id, state.leader.node, why)
    sentence = f"{node.name} is primary of epoch {epoch}: {why}"
    return Record({"leader": leader, "sync": sync}, event="primary", node=node.name, sentence=sentence)


def highest_epoch(view: View) -> int:
    """The highest epoch that a node has seen."""
    return max((node.status.epoch for node in view.nodes if node.is_reachable and node.status), default=0)


def elect(view: View, state: GroupState, now: float) -> list[Action]:
    """The next step of the election under way."""
    epoch = state.leader.epoch
    if (highest := highest_epoch(view)) > epoch:
        return [begin(state, f"a node has seen epoch {highest}", above=highest)]
    actions: list[Action] = [
        Tell(node.config, Seal(epoch), sentence=f"{node.name} is sealed by epoch {epoch}")
        for node in view.nodes
        if node.is_reachable and node.status and node.status.is_whole and not _is_sealed(node, epoch)
    ]
    sealed = [node for node in view.nodes if _is_sealed(node, epoch)]
    if actions and not sealed:
        return actions
    choice = choose(view, state, sealed)
    if isinstance(choice, str):
        unsaid_for = 0.0 if state.sync.epoch else FIRST_ANSWERS_SECONDS
        return [*actions, Wait(sentence=f"no primary of epoch {epoch} yet: {choice}", unsaid_for=unsaid_for)]
    for node in view.others(choice.name):
        if not has_certainly_stopped(view, node, epoch, now):
            left = view.bound(node.name) - now
            sentence = f"{node.name} may serve for {left:.1f} s more: {choice.name} waits for that"
            return [*actions, outlast(view, left, sentence)]
    return [*actions, _name(view, state, choice, sealed)]


def has_certainly_stopped(view: View, node: NodeView, epoch: int, now: float) -> bool:
    """Whether this node can neither serve nor come to serve by what was ordered before this epoch."""
    has_seen = node.status is not None and node.status.epoch >= epoch
    return node.is_over or has_seen or now >= view.bound(node.name)


def outlast(view: View, left: float, sentence: str) -> Wait:
    """Waits for the end of a lease, to the moment once another question without an answer might last beyond it."""
    probe = float(view.settings.probe)
    return Wait(left if 0 < left <= 2 * probe else None, sentence=sentence)


def choose(view: View, state: GroupState, sealed: list[NodeView]) -> NodeView | str:
    """The node that is to be primary, or what is waited for."""
    accepts_loss = state.request is not None and state.request.accept_loss
    if not sealed:
        return "no node answers that holds whole data"
    pool: list[NodeView] | str
    if state.sync.epoch == 0:
        pool = _all(view, sealed)
    elif state.sync.k:
        pool = _certain(view, state, sealed)
    else:
        pool = _near(view, state, sealed)
    if isinstance(pool, str):
        if not accepts_loss:
            return f"{pool} (`memcluster failover now --accept-loss` goes on without)"
        pool = sealed
    return _best(view, state, pool)


def _all(view: View, sealed: list[NodeView]) -> list[NodeView] | str:
    """Where nothing is known, all must say what they hold."""
    missing = [node.name for node in view.nodes if node not in sealed]
    what = "has yet to say what it holds" if len(missing) == 1 else "have yet to say what they hold"
    return f"{', '.join(missing)} {what}" if missing else sealed


def _near(view: View, state: GroupState, sealed: list[NodeView]) -> list[NodeView] | str:
    """Without synchronous replicas: all that answer, if too much is not on those alone that do not."""
    pool = [node for node in sealed if node.name != state.leader.avoid] or sealed
    best = _best(view, state, pool)
    lost = lost_bytes(view, state, best, sealed)
    if lost > state.config.lag_bytes_max and len(sealed) < len(view.nodes):
        return f"{lost} bytes would be lost with {best.name}"
    return pool


def lost_bytes(view: View, state: GroupState, best: NodeView, sealed: list[NodeView]) -> int:
    """How much more than the best one a node was known to hold that is not there."""
    known = [node.log for node in view.nodes if node not in sealed and node.status]
    known += [(report.log_epoch, report.offset) for report in state.reports.values()]
    return max((offset - best.log[1] for epoch, offset in known if (epoch, offset) > best.log), default=0)


def _is_sealed(node: NodeView, epoch: int) -> bool:
    """It takes nothing of an older epoch: it says so, and has no link over which something might come."""
    status = node.status
    if not node.is_reachable or node.is_over or status is None:
        return False
    return status.epoch == epoch and status.is_whole and status.link != "up"


def _certain(view: View, state: GroupState, sealed: list[NodeView]) -> list[NodeView] | str:
    """Sealed nodes of which the most advanced holds every confirmed write, or what is missing for that."""
    sync = state.sync
    intact = [node for node in sealed if node.status and sync.members.get(node.name) == node.status.run_id]
    leader = [node for node in sealed if node.name == sync.leader and node.status]
    leader = [node for node in leader if node.status and node.status.run_id == sync.leader_run]
    if len(intact) >= sync.needed:
        return [*intact, *(node for node in leader if node.name != state.leader.avoid)]
    if leader:
        return [*intact, *leader]
    # Who was started again may have lost the end of its log. Nobody can know more than all together.
    have_spoken = {node.name for node in view.nodes if node in sealed or _has_nothing(node)}
    missing = {sync.leader, *sync.members, *(node.name for node in view.nodes)} - have_spoken
    if not missing:
        return sealed
    return (
        f"{sync.needed} of the in-sync set ({', '.join(sync.members) or 'nobody'}) must answer as they were, "
        f"{len(intact)} do; or every node: {', '.join(sorted(missing))} does not"
    )


def _has_nothing(node: NodeView) -> bool:
    """Whether it answers, but a full resync has begun to replace what it held, and cannot come to its end now."""
    status = node.status
    return node.is_reachable and status is not None and status.role == "replica" and not status.is_whole


def _best(view: View, state: GroupState, pool: list[NodeView]) -> NodeView:
    """The most advanced; of equals whom the operator wants, then one in another zone than the one that failed."""
    leader = state.leader
    failed = state.config.find(leader.previous)

    def rank(node: NodeView) -> tuple[tuple[int, int], bool, bool, bool, bool, int]:
        return (
            node.log,
            node.name == leader.prefer,
            not node.config.is_leaving,
            node.name != leader.avoid,
            failed is None or node.config.zone != failed.zone or node.name == leader.previous,
            -view.nodes.index(node),
        )

    return max(pool, key=rank)


def _is_granted(state: GroupState, choice: NodeView) -> bool:
    """Whether this is what an operator asked for; if not, it is tried again until its time is up."""
    request = state.request
    if request is None or request.kind == "test" or request.accept_loss:
        return request is not None
    return choice.name == request.to if request.to else choice.name != state.leader.previous


def _name(view: View, state: GroupState, choice: NodeView, sealed: list[NodeView]) -> Record:
    """Names the primary, and as its in-sync set those whose logs are as long: they hold all that it does."""
    assert choice.status
    leader, config = state.leader, state.config
    equal = {
        node.name: node.status.run_id
        for node in sealed
        if node.status and node.log == choice.log and node is not choice and not node.config.is_leaving
    }
    run_id = choice.status.run_id
    k = replicas_needed(config.durability)
    sync = Sync(leader.epoch, choice.name, run_id, equal, k, tuple(equal), config.durability, version=1)
    lost = 0 if state.sync.durability.startswith("sync") else lost_bytes(view, state, choice, sealed)
    facts: dict[str, object] = {
        "leader": Leader(leader.epoch, choice.name, run_id, leader.previous, leader.why),
        "sync": sync,
    }
    answered = state.request if _is_granted(state, choice) else None
    if answered:
        facts["request"] = None
    return Record(
        facts,
        event="primary",
        node=choice.name,
        request=answered.id if answered else None,
        sentence=f"{choice.name} is primary of epoch {leader.epoch} at offset {choice.log[1]}: {leader.why}"
        + (f"; up to {lost} bytes are lost" if lost else ""),
    )
