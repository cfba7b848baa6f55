"""The ports that clients know, which follow the roles: the primary's and the readers', relayed by the engine's threads.

client ──> primary port ──> who is primary          client ──> reader port ──> the replicas, evenly
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from memcluster._native import Relay
from memcluster.errors import NodeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from memcluster.redis.group.members import Ports
    from memcluster.redis.group.state import NodeConfig
    from memcluster.redis.group.table import PlaceSettings


class RelayedPorts:
    """The `Endpoints` of a group's loop."""

    def __init__(self, nodes: Sequence[NodeConfig], primary: Relay, reader: Relay) -> None:
        self._addresses = {node.name: node.address for node in nodes}
        self.primary, self.reader = primary, reader

    def point(self, primary: str | None, readers: tuple[str, ...]) -> None:
        """Where they lead from now on."""
        self.primary.point([self._addresses[primary]] if primary else [])
        self.reader.point([self._addresses[name] for name in readers])

    def counters(self) -> dict[str, dict[str, int]]:
        """What each has counted."""
        return {"primary": dict(self.primary.stats()), "reader": dict(self.reader.stats())}


@contextmanager
def relayed(places: PlaceSettings, ports: Ports, nodes: Sequence[NodeConfig]) -> Iterator[RelayedPorts]:
    """Relays that listen, from entering to leaving the context; they point nowhere yet."""

    def relay(address: str) -> Relay:
        wait_seconds = float(places.client_wait)
        try:
            return Relay(listen=address, threads=places.relay_threads, wait_seconds=wait_seconds)
        except OSError as error:
            raise NodeError(f"{error}: another server took the port: stop it or give another") from None

    primary, reader = relay(ports.primary.address), relay(ports.reader.address)
    try:
        for each in (primary, reader):
            each.start()
        yield RelayedPorts(nodes, primary, reader)
    finally:
        primary.stop()
        reader.stop()
