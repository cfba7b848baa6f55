"""Which snapshots have had their time: a pure function. Manual and final ones stay until somebody deletes them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from memcluster.redis.backup.manifest import Kind, Manifest, State

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


def expired(snapshots: Iterable[Manifest], days: int, count: int, now: datetime) -> list[Manifest]:
    """The scheduled ones to delete, the oldest first; with 0 days none, as none is taken then either.

    The newest complete one always stays: if no backup has succeeded for long, it is the last there is. What failed
    stays as long, or until the next one is complete.
    """
    if days == 0:
        return []
    scheduled = sorted((each for each in snapshots if each.kind is Kind.SCHEDULED), key=lambda each: each.created)
    complete = [each for each in scheduled if each.is_complete]
    newest = complete[-1] if complete else None
    too_many = complete[:-count] if count else []
    old = [each for each in complete if each.created < now - timedelta(days=days)]
    useless = [each for each in scheduled if _is_useless(each, newest, now - timedelta(days=days))]
    gone = {each.name for each in (*too_many, *old, *useless) if each is not newest}
    return [each for each in scheduled if each.name in gone]


def _is_useless(snapshot: Manifest, newest: Manifest | None, oldest: datetime) -> bool:
    if snapshot.state is not State.FAILED:
        return False
    return snapshot.created < oldest or (newest is not None and snapshot.created < newest.created)
