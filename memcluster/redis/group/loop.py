"""One group's loop: observe, decide, perform, one sentence for the log. Knows no socket, no process and no clock.

    store, nodes, processes ──> View ──decide──> actions ──> store, nodes, endpoints
         ^                                           │
         └──── at once again if something was done, else after a probe interval, at the time that a decision
               appointed, or when something happens

It remembers only what it did itself: the lease it holds, until when a node may serve by its orders, the mark that
replicas must pass. All else is read anew each turn.
"""

from __future__ import annotations

import logging
import re
from itertools import groupby
from typing import TYPE_CHECKING

from msgspec.structs import replace

from memcluster.cluster.store.entries import LeaseGone, StoreUnavailable
from memcluster.redis.group import insync
from memcluster.redis.group.decide import decide
from memcluster.redis.group.facts import Facts
from memcluster.redis.group.orders import Pause, Resume
from memcluster.redis.group.state import Holder
from memcluster.redis.group.surroundings import NO_ANSWER
from memcluster.redis.group.view import (
    NEVER,
    Acquire,
    Held,
    KeepAlive,
    NodeView,
    Paused,
    Point,
    Record,
    Retire,
    Tell,
    View,
    Wait,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from memcluster.cluster.store.contract import Store
    from memcluster.redis.group.settings import GroupSettings
    from memcluster.redis.group.state import GroupState
    from memcluster.redis.group.surroundings import Surroundings
    from memcluster.redis.group.view import Action

FAST_TURNS_MAX = 20
"""So many turns in a row may follow at once upon another; then the loop takes a breath, whatever there is to do."""

SECONDS = re.compile(r"\d+\.\d s")

log = logging.getLogger(__name__)


class Loop:
    """Supervises one group. `me` names this supervisor, as no other was ever named."""

    def __init__(
        self,
        group: str,
        settings: GroupSettings,
        store: Store,
        surroundings: Surroundings,
        *,
        me: str,
        is_gone: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """`is_gone`: whether the supervisor of this name has certainly ended."""
        self.group = group
        self.transport, self.processes = surroundings.transport, surroundings.processes
        self.endpoints, self.alarm = surroundings.endpoints, surroundings.alarm
        self.is_gone = is_gone
        self.facts = Facts(group, store)
        self.view = View(settings, me, self.alarm.wall(), None)
        self._process_of_answer: dict[str, str | None] = {}
        self._fast_turns = 0
        self._has_appointed = False
        self._gist, self._true_since, self._is_said = "", NEVER, False
        self._complaint, self._is_blind = "", False

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self.alarm.wait(await self.turn())

    async def turn(self) -> float:
        """Observes, decides and performs once; returns when the next turn is due."""
        await self._observe(is_quick=self._fast_turns > 0 or self._has_appointed)
        now = self.alarm.now()
        actions = decide(self.view, now)
        self.view = replace(self.view, mark=insync.next_mark(self.view))
        has_moved = await self._perform(actions)
        self._say(actions)
        self._fast_turns = self._fast_turns + 1 if has_moved and self._fast_turns < FAST_TURNS_MAX else 0
        if self._fast_turns:
            return NEVER
        waits = [action.seconds for action in actions if isinstance(action, Wait) and action.seconds]
        self._has_appointed = bool(waits)
        return self.alarm.now() + min(waits, default=float(self.view.settings.probe))

    # --- seeing

    async def _observe(self, *, is_quick: bool) -> None:
        """Reads the facts and asks the nodes; `is_quick`: those that answered before, so that nobody is waited for."""
        view = self.view
        try:
            state: GroupState | None = await self.facts.read()
        except StoreUnavailable as error:
            self._complain(f"the state store does not answer: {error}")
            self._is_blind = True
            self.view = replace(view, state=None)
            return
        if self._is_blind:
            self._complaint, self._is_blind = "", False
        assert state is not None
        known = {node.config.name: node for node in view.nodes}
        before = [known.get(config.name) or NodeView(config) for config in state.config.nodes]
        asked = [node.config for node in before if node.is_reachable or not is_quick]
        running = {config.name: self.processes.running(config.name) for config in asked}
        asked_at = self.alarm.now()
        answers = await self.transport.ask(
            [config for config in asked if running[config.name] is not None], view.settings.probe
        )
        answered_at = self.alarm.now()
        nodes: list[NodeView] = []
        for node, config in zip(before, state.config.nodes, strict=True):
            name = config.name
            process = self.processes.running(name)
            status = answers.get(name)
            if status is not None and process is not None and process == running[name]:
                self._process_of_answer[name] = process
                seen = NodeView(config, status, asked_at, answered_at, True, node.followed_at)
            else:
                is_over = process is None or self._process_of_answer.get(name, process) != process
                seen = replace(node, config=config, is_reachable=False, is_over=is_over)
            nodes.append(seen)
        self._put(state, nodes, answered_at)

    def _put(self, state: GroupState, nodes: list[NodeView], now: float) -> None:
        view, leader = self.view, state.leader
        primary = next((node for node in nodes if node.config.name == leader.node and node.is_reachable), None)
        if primary and primary.status:
            attached = {
                each.name for each in primary.status.replicas if insync.is_keeping_up(each.state, each.lag_ms, view)
            }
            nodes = [replace(n, followed_at=now) if n.config.name in attached else n for n in nodes]
        before = view.state.leader if view.state else None
        is_new = before is None or (before.epoch, before.node) != (leader.epoch, leader.node)
        holder = state.holder
        self.view = replace(
            view,
            wall=self.alarm.wall(),
            state=state,
            nodes=tuple(nodes),
            led_since=now if is_new and leader.node else view.led_since,
            may_take_over=holder is not None and holder.name != view.me and self.is_gone(holder.name),
        )

    # --- doing

    async def _perform(self, actions: Sequence[Action]) -> bool:
        """Does all in their order until something fails; whether there is reason to look again at once."""
        has_moved = False
        try:
            for are_orders, some in groupby(actions, lambda action: isinstance(action, Tell)):
                if are_orders:
                    has_moved |= await self._tell([action for action in some if isinstance(action, Tell)])
                    continue
                for action in some:
                    has_failed, is_news = await self._do(action)
                    has_moved |= is_news
                    if has_failed:
                        return has_moved
        except StoreUnavailable as error:
            self._complain(f"the state store does not answer: {error}")
        except LeaseGone:
            self._say_once("the lease on the group has run out")
            self.view = replace(self.view, held=None)
        return has_moved

    async def _do(self, action: Action) -> tuple[bool, bool]:
        """Whether it failed, so that nothing after it makes sense, and whether there is something new to be seen."""
        match action:
            case Point(pointed=pointed):
                self.endpoints.point(pointed.primary, pointed.readers)
                self.view = replace(self.view, pointed=pointed)
            case Record():
                return not await self._record(action), True
            case Acquire(holder=holder):
                return False, await self._acquire(holder)
            case KeepAlive(lease=lease):
                await self._keep_alive(lease)
            case Retire(node=name):
                self.processes.retire(name)
        return False, False

    async def _tell(self, orders: list[Tell]) -> bool:
        """Gives orders as long as our own lease allows it; whether one that changes what can be done may be done."""
        held = self.view.held
        if not orders or held is None or self.alarm.now() >= held.deadline:
            return False
        bounds = dict(self.view.bounds)
        for action in orders:
            if action.lasts_until > bounds.get(action.node.name, NEVER):
                # Before it is sent: without an answer it may be executed all the same.
                bounds[action.node.name] = action.lasts_until
        self.view = replace(self.view, bounds=bounds)
        started = self.alarm.now()
        wrong = await self.transport.tell([(action.node, action.order) for action in orders], self.view.settings.probe)
        for place, why in wrong.items():
            log.info("%s: %s %s: %s", self.group, orders[place].node.name, orders[place].order.words[0], why)
        done = [action for place, action in enumerate(orders) if place not in wrong]
        for action in done:
            self._note(action, started)
        # A renewed lease is no news. An order without an answer may have been executed: only another look can tell.
        open_ones = [action for place, action in enumerate(orders) if wrong.get(place) == NO_ANSWER]
        return any(action.sentence for action in (*done, *open_ones))

    def _note(self, action: Tell, started: float) -> None:
        match action.order:
            case Pause(epoch=epoch, for_ms=for_ms):
                paused = Paused(epoch, self.alarm.now(), started + for_ms / 1000)
                self.view = replace(self.view, paused=paused)
            case Resume(epoch=epoch) if self.view.paused:
                now = self.alarm.now()
                self.view = replace(self.view, paused=Paused(epoch, now, now))

    async def _record(self, action: Record) -> bool:
        state, held = self.view.state, self.view.held
        if state is None or held is None or self.alarm.now() >= held.deadline:
            return False
        if "reports" in action.facts:
            self.view = replace(self.view, reported_at=self.alarm.now())
        return await self.facts.record(state, action, self.alarm.wall())

    async def _acquire(self, of: Holder | None) -> bool:
        settings, state = self.view.settings, self.view.state
        assert state is not None
        started = self.alarm.now()
        lease, ttl = await self.facts.store.grant(float(settings.lease_ttl))
        if not await self.facts.take(state, Holder(self.view.me, lease, ttl)):
            return False
        # What another supervisor ordered ends no later than its lease, which was renewed before it ended.
        bound = self.alarm.now() + of.ttl if of else NEVER
        self.view = replace(self.view, held=Held(lease, ttl, started), bound_of_others=bound)
        return True

    async def _keep_alive(self, lease: int) -> None:
        started = self.alarm.now()
        ttl = await self.facts.store.keep_alive(lease)
        self._complaint = ""
        self.view = replace(self.view, held=Held(lease, ttl, started))

    # --- saying

    def _say(self, actions: Sequence[Action]) -> None:
        last = next((action for action in reversed(actions) if action.sentence), None)
        if last is None:
            self._gist = ""
        else:
            self._say_once(last.sentence, last.unsaid_for if isinstance(last, Wait) else 0.0)

    def _say_once(self, sentence: str, unsaid_for: float = 0.0) -> None:
        """What is said every turn, but for the seconds left, is said once, and not before it was true for so long."""
        gist, now = SECONDS.sub("", sentence), self.alarm.now()
        if gist != self._gist:
            self._gist, self._true_since, self._is_said = gist, now, False
        if not self._is_said and now - self._true_since >= unsaid_for:
            log.info("%s: %s", self.group, sentence)
            self._is_said = True

    def _complain(self, sentence: str) -> None:
        """Of the store, once until it does again what it did not: it may be read all the while and take nothing."""
        if sentence != self._complaint:
            log.warning("%s: %s", self.group, sentence)
        self._complaint = sentence
