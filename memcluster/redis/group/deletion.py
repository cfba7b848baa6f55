"""Deletes a running group: its clients go, its primary's lease runs out, a last snapshot is taken, its data go.

    nobody reaches it ─> the primary is fenced ─> a final snapshot: all that was acknowledged is in it
         ─> processes retired ─> folder removed

Until the snapshot is complete everything can go on as before: a failure leaves the group as it was.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import msgspec
import trio

from memcluster.errors import MemclusterError
from memcluster.redis.backup.source import Node

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from memcluster.cluster.supervisor import Supervisor
    from memcluster.redis.group.running import RunningGroup

SPARE_SECONDS = 5.0
"""Beyond the times that are set: how much longer than its lease a primary may take to say that it is fenced."""
LOOK_SECONDS = 0.02


async def delete(group: RunningGroup, supervisor: Supervisor, snapshot: str | None) -> AsyncGenerator[str, None]:
    """Says each step; `snapshot` names the final one, None: there is to be none."""
    if snapshot is not None:
        await group.keeper.refuse_taken(snapshot)
    group.hold("it is to be deleted")
    try:
        if snapshot is not None:
            node = await _fenced_primary(group)
            yield f"{node.name} takes no more writes"
            made = await group.keeper.take_final(snapshot, node)
            yield f"snapshot {made.name} is complete: {made.keys} keys, {made.bytes} bytes"
        for each in group.nodes:
            supervisor.retire(each.name)
        await _wait(
            lambda: all(supervisor.running(each.name) is None for each in group.nodes),
            float(supervisor.settings.drain_timeout) + SPARE_SECONDS,
            f"the nodes of {group.name} did not end in time: their data in {group.path} are left",
        )
        group.forget()
        await trio.to_thread.run_sync(shutil.rmtree, group.path)
        if all(member.is_retired for member in supervisor.view.members):
            supervisor.drain("nothing is left to run")
        yield f"{group.name} is deleted: take [group.{group.name}] out of the file, or the next start makes it anew"
    finally:
        group.let_go()


async def _fenced_primary(group: RunningGroup) -> Node:
    """The last primary once it serves nobody any more."""
    node = group.primary_node()
    seconds = float(group.table.settings.lease_ttl) + SPARE_SECONDS
    with trio.move_on_after(seconds):
        while True:
            status = await group.ask_node(node.config)
            if status is not None and status.role == "fenced":
                # Nobody has become primary since: it was the last one, and holds all that was acknowledged.
                return Node(node.config.address, msgspec.structs.replace(status, role="primary"))
            await trio.sleep(LOOK_SECONDS)
    raise MemclusterError(f"{node.name} does not say that it is fenced: it may not answer; fail over, then try again")


async def _wait(condition: Callable[[], bool], seconds: float, complaint: str) -> None:
    with trio.move_on_after(seconds):
        while True:
            if condition():
                return
            await trio.sleep(LOOK_SECONDS)
    raise MemclusterError(complaint)
