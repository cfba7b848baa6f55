"""What verbs ask about groups, over the control channel: a row a question."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from memcluster.cluster import control
from memcluster.cluster.record import NO_GROUP
from memcluster.errors import MemclusterError
from memcluster.redis.group import deletion, events
from memcluster.redis.group.running import new_request
from memcluster.redis.group.standing import standing

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from memcluster.cluster.supervisor import Supervisor
    from memcluster.redis.group.running import RunningGroup
    from memcluster.redis.group.state import Event

STATUS, REQUEST, EVENTS, DELETE = "group.status", "group.request", "group.events", "group.delete"


class Which(msgspec.Struct, frozen=True):
    """A group; None: all of them."""

    group: str | None = None


class Wanted(msgspec.Struct, frozen=True):
    """A failover or switchover; `group` may be left out where there is one."""

    kind: Literal["now", "test", "switchover"]
    group: str | None = None
    to: str | None = None
    accept_loss: bool = False


class Wished(msgspec.Struct, frozen=True):
    """Events: the last so many, and those to come."""

    group: str | None = None
    last: int = 100
    follow: bool = False


class Deletion(msgspec.Struct, frozen=True):
    """A group that is to go, with its data; `snapshot` names the final one, if there is to be one."""

    group: str
    snapshot: str | None = None


@dataclass(frozen=True)
class Controls:
    """What is asked about these groups."""

    groups: Sequence[RunningGroup]
    supervisor: Supervisor

    @property
    def rows(self) -> tuple[control.Request[Any], ...]:
        """For the supervisor's channel."""
        return (
            control.Request(STATUS, Which, self.say_status),
            control.Request(REQUEST, Wanted, self.fail_over),
            control.Request(EVENTS, Wished, self.say_events),
            control.Request(DELETE, Deletion, self.delete),
        )

    async def say_status(self, which: Which) -> AsyncGenerator[Any, None]:
        """Each group as it stands."""
        there = [group for group in self.groups if not group.is_deleted]
        for group in there if which.group is None else [find(there, which.group)]:
            yield standing(group.name, group.view, group.addresses, group.endpoints.counters())

    async def fail_over(self, wanted: Wanted) -> AsyncGenerator[Any, None]:
        """What happens until it has come about."""
        group = find(self.groups, wanted.group)
        if wanted.to is not None and group.view.find(wanted.to) is None:
            names = ", ".join(node.name for node in group.nodes)
            raise MemclusterError(f"{group.name} has no node {wanted.to}: there are {names}")
        leader = group.view.state.leader if group.view.state else None
        if wanted.to is not None and leader is not None and wanted.to == leader.node:
            raise MemclusterError(f"{wanted.to} is the primary of {group.name} already: name another node, or none")
        async with aclosing(
            group.ask(new_request(wanted.kind, wanted.to, accept_loss=wanted.accept_loss))
        ) as happening:
            async for event in happening:
                yield _shown(group.name, event)
                if event.kind == "failed":
                    raise MemclusterError(event.sentence)

    async def say_events(self, wished: Wished) -> AsyncGenerator[Any, None]:
        """The last ones, and those to come."""
        group = find(self.groups, wished.group)
        past = await events.past(group.store, group.name)
        for event in past[-wished.last :] if wished.last else []:
            yield _shown(group.name, event)
        if wished.follow:
            after = past[-1].number if past else 0
            async with aclosing(events.follow(group.store, group.name, after)) as happening:
                async for event in happening:
                    yield _shown(group.name, event)

    async def delete(self, wanted: Deletion) -> AsyncGenerator[Any, None]:
        """Each step of it."""
        group = find(self.groups, wanted.group)
        async with aclosing(deletion.delete(group, self.supervisor, wanted.snapshot)) as happening:
            async for said in happening:
                yield said


@dataclass(frozen=True)
class OfGroup:
    """A question about one group, which may be left out of the parameters where there is one."""

    name: str
    parameters: type[msgspec.Struct]
    answer: Callable[[RunningGroup, Any], AsyncGenerator[Any, None]]

    def among(self, groups: Sequence[RunningGroup]) -> control.Request[Any]:
        """For the supervisor's channel."""
        return control.Request(
            self.name, self.parameters, lambda wanted: self.answer(find(groups, wanted.group), wanted)
        )


def find(groups: Sequence[RunningGroup], name: str | None) -> RunningGroup:
    """The group of this name, or the only one; MemclusterError names those there are."""
    groups = [group for group in groups if not group.is_deleted]
    names = ", ".join(group.name for group in groups)
    if not groups:
        raise MemclusterError(NO_GROUP)
    if name is None and len(groups) > 1:
        raise MemclusterError(f"this cluster has several groups: name one of {names}")
    found = next((group for group in groups if name in (None, group.name)), None)
    if found is None:
        raise MemclusterError(f"there is no group {name}: this cluster has {names}")
    return found


def _shown(group: str, event: Event) -> dict[str, Any]:
    return {"group": group, "name": events.NAMES.get(event.kind, event.kind), **msgspec.to_builtins(event)}
