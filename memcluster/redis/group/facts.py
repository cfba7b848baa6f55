"""A group's facts in its store: read together, written only if none has changed since and the lease is still ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from memcluster.cluster.store.entries import Compare, Delete, Put
from memcluster.redis.group.state import KINDS, Event, GroupState, event_key, prefix, write

if TYPE_CHECKING:
    from memcluster.cluster.store.contract import Store
    from memcluster.redis.group.state import Holder
    from memcluster.redis.group.view import Record


class Facts:
    """What one group's loop reads and writes."""

    def __init__(self, group: str, store: Store) -> None:
        self.group, self.store = group, store
        self.prefix = prefix(group)
        self._decoded: dict[str, tuple[int, object]] = {}

    async def read(self) -> GroupState:
        """All of them as they are together. Those that have not changed are not decoded again."""
        snapshot = await self.store.range(self.prefix)
        start = len(self.prefix)
        decoded: dict[str, tuple[int, object]] = {}
        for key, entry in snapshot.entries.items():
            name = key[start:]
            if name not in KINDS:
                continue
            known = self._decoded.get(name)
            if known is None or known[0] != entry.revision:
                known = (entry.revision, msgspec.json.decode(entry.value, type=KINDS[name][1]))
            decoded[name] = known
        self._decoded = decoded
        revisions = {name: revision for name, (revision, _) in decoded.items()}
        return GroupState(revisions, **{KINDS[name][0]: value for name, (_, value) in decoded.items()})  # type: ignore[arg-type]

    async def record(self, state: GroupState, action: Record, wall: float) -> bool:
        """Writes facts and their event as one; False if somebody else has written one of them, or taken the group."""
        facts = dict(action.facts)
        changes: list[Put | Delete] = []
        if action.event:
            number = state.counter + 1
            facts["counter"] = number
            event = Event(
                number, wall, action.event, action.sentence, self._epoch(state, action), action.node, action.request
            )
            changes.append(Put(event_key(self.group, number), write(event)))
        compares = [Compare(self.prefix + name, state.revisions.get(name, 0)) for name in {*facts, "lease"}]
        for name, fact in facts.items():
            key = self.prefix + name
            changes.append(Delete(key) if fact is None else Put(key, write(fact)))
        return bool(await self.store.commit(compares, changes))

    async def take(self, state: GroupState, holder: Holder) -> bool:
        """Makes this supervisor the one that gives orders."""
        key = self.prefix + "lease"
        compare = Compare(key, state.revisions.get("lease", 0))
        return bool(await self.store.commit([compare], [Put(key, write(holder), holder.lease)]))

    def _epoch(self, state: GroupState, action: Record) -> int:
        leader = action.facts.get("leader", state.leader)
        return int(getattr(leader, "epoch", 0))
