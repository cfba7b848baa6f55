"""What is to be done about a group's snapshots now: a pure function of what is seen and of the time.

    target ──manifests──> View ──decide──> Fail what its taker left, Delete what is expired, Take what is due

Knows no server, no clock and no place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from memcluster.redis.backup.manifest import Kind, Manifest, State, name_of_scheduled
from memcluster.redis.backup.retention import expired
from memcluster.redis.backup.schedule import next_at

if TYPE_CHECKING:
    from datetime import datetime

    from memcluster.redis.backup.settings import SnapshotSettings

RETRY_DOUBLINGS_MAX = 8


@dataclass(frozen=True)
class View:
    """A group and all that its target holds of it."""

    group: str
    snapshots: tuple[Manifest, ...]

    @property
    def scheduled(self) -> list[Manifest]:
        """Those that were taken by themselves, the oldest first."""
        return sorted((each for each in self.snapshots if each.kind is Kind.SCHEDULED), key=lambda each: each.created)


@dataclass(frozen=True)
class Take:
    """Take a snapshot of this name."""

    name: str


@dataclass(frozen=True)
class Delete:
    """Delete this one."""

    name: str
    why: str


@dataclass(frozen=True)
class Fail:
    """Say of this one that it will never be complete."""

    name: str
    why: str


Action = Take | Delete | Fail


def decide(view: View, now: datetime, settings: SnapshotSettings) -> list[Action]:
    """What is to be done now, in this order."""
    seen = View(view.group, tuple(each.seen_at(now) for each in view.snapshots))
    left = [each for each, before in zip(seen.snapshots, view.snapshots, strict=True) if each is not before]
    actions: list[Action] = [Fail(each.name, each.error) for each in left]
    for each in expired(seen.snapshots, settings.retention_days, settings.retention_count, now):
        why = each.error if each.state is State.FAILED else f"kept for {settings.retention_days} days"
        actions.append(Delete(each.name, why))
    due = due_at(seen, now, settings)
    if due is not None and due <= now:
        actions.append(Take(name_of_scheduled(view.group, now)))
    return actions


def due_at(view: View, now: datetime, settings: SnapshotSettings) -> datetime | None:
    """When the next is due: never while another is being taken, and not at once after one that failed."""
    if settings.retention_days == 0 or settings.schedule.is_never:
        return None
    running = [each for each in view.snapshots if each.state is State.CREATING]
    complete = [each for each in view.scheduled if each.is_complete]
    last = complete[-1].created if complete else None
    due = next_at(settings.schedule, last, now)
    if due is None:
        return None
    failed = [each for each in view.scheduled if each.state is State.FAILED and (last is None or each.created > last)]
    return max([due, *(each.deadline for each in running), *_retry_at(failed, settings)])


def _retry_at(failed: list[Manifest], settings: SnapshotSettings) -> list[datetime]:
    """After so many failures in a row: a wait that doubles."""
    if not failed:
        return []
    wait = settings.retry_delay * 2 ** min(len(failed) - 1, RETRY_DOUBLINGS_MAX)
    return [failed[-1].created + timedelta(seconds=wait)]
