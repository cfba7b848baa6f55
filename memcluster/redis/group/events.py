"""What has happened to a group: read from its store, as it happens too, and named for people.

The store keeps the last `EVENTS_MAX` of them; they outlive supervisors.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import msgspec

from memcluster.cluster.store.entries import Compacted, Entry, StoreUnavailable
from memcluster.redis.group.facts import Facts
from memcluster.redis.group.state import Event, events_prefix
from memcluster.redis.group.view import Record

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from memcluster.cluster.store.contract import Store

NAMES = {
    "election": "FailoverStarted",
    "primary": "FailoverComplete",
    "failed": "FailoverFailed",
    "lost": "WritesSetAside",
    "in-sync": "ReplicaInSync",
    "out-of-sync": "ReplicaOutOfSync",
    "durability": "DurabilityChanged",
    "left": "RemoveCacheNodeComplete",
    "migration": "MigrationStarted",
    "migrated": "MigrationEnded",
    "snapshot": "SnapshotComplete",
    "snapshot-failed": "SnapshotFailed",
    "snapshot-deleted": "SnapshotDeleted",
}
"""As `memcluster events` calls each kind; ElastiCache's names where it has one."""

ATTEMPTS_MAX = 10
"""To write an event while the loop writes its own."""

log = logging.getLogger(__name__)


async def tell(store: Store, group: str, kind: str, sentence: str, node: str | None = None) -> None:
    """Adds an event that is no decision of the loop's; it is in the log in any case."""
    log.info("%s: %s", group, sentence)
    facts = Facts(group, store)
    try:
        for _ in range(ATTEMPTS_MAX):
            record = Record({}, event=kind, sentence=sentence, node=node)
            if await facts.record(await facts.read(), record, time.time()):
                return
        log.warning("%s: the event of it could not be written: others write all the time", group)
    except StoreUnavailable as error:
        log.warning("%s: the event of it could not be written: %s", group, error)


async def past(store: Store, group: str) -> list[Event]:
    """Those that are kept, the oldest first."""
    snapshot = await store.range(events_prefix(group))
    found = [msgspec.json.decode(entry.value, type=Event) for entry in snapshot.entries.values()]
    return sorted(found, key=lambda event: event.number)


async def latest(store: Store, group: str) -> int:
    """The number of the last one; 0: there is none."""
    return max((event.number for event in await past(store, group)), default=0)


async def follow(store: Store, group: str, after: int) -> AsyncGenerator[Event, None]:
    """Those after this number, and each further one when it happens."""
    while True:
        snapshot = await store.range(events_prefix(group))
        for event in await past(store, group):
            if event.number > after:
                after = event.number
                yield event
        revision = snapshot.revision
        try:
            while True:
                batch = await store.watch(events_prefix(group), revision)
                revision = batch.revision
                for entry in batch.changes:
                    if isinstance(entry, Entry):
                        event = msgspec.json.decode(entry.value, type=Event)
                        if event.number > after:
                            after = event.number
                            yield event
        except Compacted:
            continue
