"""The maps in which Sentinel describes primaries and replicas: its field names, in its order."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memcluster.redis.group.sentinel.picture import Instance, Picture
    from memcluster.redis.group.sentinel.wire import Answer

DOWN_AFTER_MS = 1000
FAILOVER_TIMEOUT_MS = 15_000


def master(picture: Picture) -> dict[str, Answer]:
    """SENTINEL MASTER."""
    assert picture.primary is not None
    down = ",s_down,o_down" if picture.primary.is_down else ""
    flags = f"master{down}{',failover_in_progress' if picture.is_electing else ''}"
    return {
        "name": picture.name,
        **_instance(picture.primary, flags),
        "role-reported": "master",
        "role-reported-time": "0",
        "config-epoch": str(picture.epoch),
        "num-slaves": str(len(picture.replicas)),
        "num-other-sentinels": "0",
        "quorum": "1",
        "failover-timeout": str(FAILOVER_TIMEOUT_MS),
        "parallel-syncs": "1",
    }


def replica(picture: Picture, instance: Instance) -> dict[str, Answer]:
    """One of SENTINEL REPLICAS."""
    primary = picture.primary
    return {
        "name": instance.address,
        **_instance(instance, f"slave{',s_down' if instance.is_down else ''}"),
        "role-reported": "slave",
        "role-reported-time": "0",
        "master-link-down-time": "0",
        "master-link-status": "ok" if instance.link_is_up else "err",
        "master-host": primary.host if primary else "?",
        "master-port": str(primary.port if primary else 0),
        "slave-priority": "100",
        "slave-repl-offset": str(instance.offset),
        "replica-announced": "1",
    }


def _instance(instance: Instance, flags: str) -> dict[str, Answer]:
    silence = str(instance.answered_ms_ago)
    return {
        "ip": instance.host,
        "port": str(instance.port),
        "runid": instance.run_id,
        "flags": flags,
        "link-pending-commands": "0",
        "link-refcount": "1",
        "last-ping-sent": "0",
        "last-ok-ping-reply": silence,
        "last-ping-reply": silence,
        **({"s-down-time": silence} if instance.is_down else {}),
        "down-after-milliseconds": str(DOWN_AFTER_MS),
        "info-refresh": silence,
    }
