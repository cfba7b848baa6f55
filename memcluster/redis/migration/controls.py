"""What `memcluster migrate` asks of a group that runs: to be held while its primary follows a server not of its own.

    hold ─> the verb makes the primary's node a replica of the source ─> release ─> the group promotes it again

Held, the group serves nobody and nobody decides about it; its replicas wait, since a fenced node feeds nobody. If its
supervisor ends meanwhile, the migration is over: the next one begins with what one of the nodes holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import trio

from memcluster.errors import MemclusterError
from memcluster.redis.group import events
from memcluster.redis.group.controls import OfGroup, Which

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from memcluster.redis.group.running import RunningGroup
    from memcluster.redis.group.view import View

HOLD, NODE, RELEASE = "migrate.hold", "migrate.node", "migrate.release"
LOOK_SECONDS = 0.02
RELEASE_SECONDS = 60.0
"""How long a group may take until its primary serves and its replicas have taken over the data."""


class Source(msgspec.Struct, frozen=True):
    """What a group is to follow; `group` may be left out where there is one."""

    source: str
    group: str | None = None


class Release(msgspec.Struct, frozen=True):
    """The end of it. `adopts`: what the node holds now is the group's data; else it holds what it held before."""

    adopts: bool
    group: str | None = None


async def hold(group: RunningGroup, wanted: Source) -> AsyncGenerator[Any, None]:
    """The address of the node that is to follow."""
    node = group.primary_node()
    group.hold(f"{node.name} is to follow {wanted.source}")
    sentence = f"{node.name} follows {wanted.source}: the group serves nobody until that ends"
    try:
        await events.tell(group.store, group.name, "migration", sentence, node.name)
        yield node.config.address
    except BaseException:
        # Who asked has gone, and would never end what it does not know to have begun.
        group.let_go()
        raise


async def say_node(group: RunningGroup, _: Which) -> AsyncGenerator[Any, None]:
    """The same address again."""
    yield group.primary_node().config.address


async def release(group: RunningGroup, wanted: Release) -> AsyncGenerator[Any, None]:
    """Where clients are served, once they are and every replica that answers is in step."""
    if wanted.adopts:
        await group.adopt("its data came from elsewhere")
    group.let_go()
    await events.tell(group.store, group.name, "migrated", "the group is decided about again", None)
    with trio.move_on_after(RELEASE_SECONDS):
        while True:
            if _serves(group.view):
                yield group.addresses["primary"]
                return
            await trio.sleep(LOOK_SECONDS)
    raise MemclusterError(
        f"{group.name} is not whole after {RELEASE_SECONDS:g} s: `memcluster events {group.name}` says why; keep "
        "the source until it is"
    )


def _serves(view: View) -> bool:
    """Whether clients are led to the primary and all its replicas have what it has."""
    primary = view.find(view.pointed.primary)
    if primary is None or primary.status is None:
        return False
    following = [node for node in view.others(primary.name) if node.is_reachable and node.status]
    attached = {each.name for each in primary.status.replicas if each.state == "online"}
    return all(node.name in attached and node.status and node.status.is_whole for node in following)


ROWS = (OfGroup(HOLD, Source, hold), OfGroup(NODE, Which, say_node), OfGroup(RELEASE, Release, release))
