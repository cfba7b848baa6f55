"""Asks the nodes of a group what they are, beginning at any of them: who is the primary, who follows it.

A plain node that belongs to no group is a group of one, and so is one with replicas that REPLICAOF made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from memcluster.errors import BackupError, ServerError
from memcluster.redis import resp
from memcluster.redis.backup.source import Node
from memcluster.redis.client import Client
from memcluster.redis.group.orders import described

if TYPE_CHECKING:
    from collections.abc import Iterable

    from memcluster.redis.client import Login

NODES_MAX = 64
"""Nodes asked at most: a group is small, and what a node says of others is not followed for ever."""

Ask = Callable[[str], Node]


def survey(addresses: Iterable[str], ask: Ask) -> list[Node]:
    """Every node that answers, found through those given; BackupError if none does."""
    waiting, found, silent = list(addresses), dict[str, Node](), dict[str, str]()
    while waiting and len(found) + len(silent) < NODES_MAX:
        address = waiting.pop(0)
        if address in found or address in silent:
            continue
        try:
            node = ask(address)
        except ServerError as error:
            silent[address] = str(error)
            continue
        found[address] = node
        others = (node.status.primary, *(each.address for each in node.status.replicas))
        waiting += [other for other in others if other]
    if not found:
        raise BackupError("; ".join(silent.values()) or "no node is known to ask")
    return list({node.name: node for node in found.values()}.values())


def asking(login: Login, timeout_seconds: float) -> Ask:
    """Asks over the wire."""

    def ask(address: str) -> Node:
        with Client(address, login, timeout_seconds) as client:
            reply = client.try_to_ask("MEMC.STATUS")
        if isinstance(reply, resp.Refusal):
            raise ServerError(f"{address} does not know MEMC.STATUS ({reply.text}): it is no Redis-mode node of ours")
        try:
            return Node(address, described(reply))
        except (msgspec.ValidationError, resp.MalformedReplyError) as error:
            raise ServerError(f"{address}: MEMC.STATUS: {error}: is it of another version?") from None

    return ask
