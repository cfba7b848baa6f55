"""What Sentinel publishes when a group has changed: channel and text, by comparing two pictures.

+switch-master orders 127.0.0.1 6381 127.0.0.1 6382       the one that clients wait for
+sdown slave 127.0.0.1:6383 127.0.0.1 6383 @ orders 127.0.0.1 6382
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from memcluster.redis.group.sentinel.picture import Instance, Picture

QUORUM = "#quorum 1/1"
"""There is one who watches: the supervisor."""


def news(before: Picture, after: Picture) -> Iterator[tuple[str, str]]:
    """In the order in which Sentinel tells such things."""
    old, new = before.primary, after.primary
    if after.epoch > before.epoch and before.epoch:
        yield "+new-epoch", str(after.epoch)
    if old and new and old.address == new.address:
        yield from _of_primary(after, old, new)
    elif old and new:
        yield "+failover-end", _master(after.name, old)
        yield "+switch-master", f"{after.name} {old.host} {old.port} {new.host} {new.port}"
    known = {each.address: each for each in before.replicas}
    for replica in after.replicas:
        yield from _of_replica(after, known.get(replica.address), replica)


def _of_primary(after: Picture, old: Instance, new: Instance) -> Iterator[tuple[str, str]]:
    who = _master(after.name, new)
    if new.is_down and not old.is_down:
        yield "+sdown", who
        yield "+odown", f"{who} {QUORUM}"
    if old.is_down and not new.is_down:
        yield "-odown", who
        yield "-sdown", who
    if new.run_id != old.run_id and old.run_id and new.run_id:
        yield "+reboot", who


def _of_replica(after: Picture, old: Instance | None, new: Instance) -> Iterator[tuple[str, str]]:
    if after.primary is None:
        return
    primary = after.primary
    who = f"slave {new.address} {new.host} {new.port} @ {after.name} {primary.host} {primary.port}"
    if old is None:
        yield "+slave", who
    if new.is_down and not (old and old.is_down):
        yield "+sdown", who
    elif old and old.is_down and not new.is_down:
        yield "-sdown", who
    if old and new.run_id != old.run_id and old.run_id and new.run_id:
        yield "+reboot", who


def _master(name: str, primary: Instance) -> str:
    return f"master {name} {primary.host} {primary.port}"
