"""A state store in this process's memory: for tests and simulation, where a cluster does not outlive its supervisor."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import trio

from memcluster.cluster.store.entries import Batch, Compacted, Delete, Entry, LeaseGone, Put, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from memcluster.cluster.store.entries import Compare

HISTORY_MAX = 1000
"""So many changes are remembered for those who watch."""


class MemoryStore:
    """Entries, leases and the latest changes."""

    def __init__(self, now: Callable[[], float] = trio.current_time) -> None:
        self._now = now
        self._revision = 0
        self._entries: dict[str, Entry] = {}
        self._leases: dict[int, tuple[float, float]] = {}
        """Of each lease how long it lasts and when it ends."""
        self._last_lease = 0
        self._history: deque[tuple[int, Entry | Delete]] = deque(maxlen=HISTORY_MAX)
        self._forgotten = 0
        """The newest revision of which a change is no longer remembered."""
        self._changed: trio.Event | None = None

    async def range(self, prefix: str) -> Snapshot:
        """All entries whose key begins so."""
        self._expire()
        found = {key: entry for key, entry in self._entries.items() if key.startswith(prefix)}
        return Snapshot(self._revision, found)

    async def commit(self, compares: Sequence[Compare], changes: Sequence[Put | Delete]) -> int:
        """Makes all changes, if all compares hold."""
        self._expire()
        for compare in compares:
            entry = self._entries.get(compare.key)
            if compare.revision != (entry.revision if entry else 0):
                return 0
        for change in changes:
            if isinstance(change, Put) and change.lease and change.lease not in self._leases:
                raise LeaseGone(f"{change.key}: lease {change.lease} has run out")
        self._apply(changes)
        return self._revision

    async def grant(self, ttl: float) -> tuple[int, float]:
        """A new lease."""
        self._last_lease += 1
        self._leases[self._last_lease] = (ttl, self._now() + ttl)
        return self._last_lease, ttl

    async def keep_alive(self, lease: int) -> float:
        """Begins the lease anew."""
        self._expire()
        if lease not in self._leases:
            raise LeaseGone(f"lease {lease} has run out")
        ttl, _ = self._leases[lease]
        self._leases[lease] = (ttl, self._now() + ttl)
        return ttl

    async def revoke(self, lease: int) -> None:
        """Ends the lease."""
        if self._leases.pop(lease, None):
            self._remove_under({lease})

    async def watch(self, prefix: str, after: int) -> Batch:
        """Waits for changes. Those by leases that end are seen when it is their time."""
        while True:
            self._expire()
            if after < self._forgotten:
                raise Compacted(f"changes up to revision {self._forgotten} are forgotten: read the range again")
            found = [change for revision, change in self._history if revision > after and change.key.startswith(prefix)]
            if found:
                return Batch(self._revision, tuple(found))
            after = self._revision
            if self._changed is None:
                self._changed = trio.Event()
            changed = self._changed
            with trio.move_on_after(self._seconds_to_next_end()):
                await changed.wait()

    def _seconds_to_next_end(self) -> float:
        return max(0.0, min((end for _, end in self._leases.values()), default=float("inf")) - self._now())

    def _expire(self) -> None:
        now = self._now()
        gone = {lease for lease, (_, end) in self._leases.items() if end <= now}
        if gone:
            for lease in gone:
                del self._leases[lease]
            self._remove_under(gone)

    def _remove_under(self, leases: set[int]) -> None:
        keys = [key for key, entry in self._entries.items() if entry.lease in leases]
        if keys:
            self._apply([Delete(key) for key in keys])

    def _apply(self, changes: Sequence[Put | Delete]) -> None:
        self._revision += 1
        for change in changes:
            if isinstance(change, Put):
                entry = Entry(change.key, change.value, self._revision, change.lease)
                self._entries[change.key] = entry
                self._remember(entry)
            elif self._entries.pop(change.key, None):
                self._remember(change)
        if self._changed is not None:
            self._changed.set()
            self._changed = None

    def _remember(self, change: Entry | Delete) -> None:
        if len(self._history) == HISTORY_MAX:
            self._forgotten = self._history[0][0]
        self._history.append((self._revision, change))
