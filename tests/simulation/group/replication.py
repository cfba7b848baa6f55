"""How a simulated node follows and is followed: links, frames and confirmations with epochs, partial and full resyncs.

A link has one frame under way at a time. What the network swallows closes it; the replica connects again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.group.kernel import Actor

if TYPE_CHECKING:
    from memcluster.redis.group.state import NodeConfig
    from tests.simulation.group.node import Node
    from tests.simulation.group.world import World

Entry = tuple[int, int, float]
"""Epoch, number (0: the epoch's mark), time."""

RETRY_SECONDS = 0.15
LOAD_SECONDS = 0.1
BACKLOG_ENTRIES = 40


class Link:
    """A replica's connection to its primary."""

    __slots__ = ("acked", "is_busy", "is_closed", "primary", "replica", "sent")

    def __init__(self, primary: Node, replica: Node, sent: int) -> None:
        self.primary, self.replica, self.sent = primary, replica, sent
        self.acked = 0
        self.is_busy = self.is_closed = False


class Replicating(Actor):
    """A node's log, and its part in replication."""

    world: World
    config: NodeConfig
    name: str
    log: list[Entry]
    synced: int
    seen: int
    lost: int
    run: int
    is_running: bool
    is_always_synced: bool
    is_hollow: bool
    is_syncing: bool
    tries: int
    following: Node | None
    link: Link | None
    links: dict[str, Link]

    def append(self, entry: Entry) -> None:
        self.log.append(entry)
        if self.is_always_synced:
            self.synced = len(self.log)
        for link in self.links.values():
            self._feed(link)

    def _feed(self, link: Link) -> None:
        if not link.is_busy and not link.is_closed and link.sent < len(self.log):
            link.is_busy = True
            self.world.carry(self, link.replica, link.replica.receive, link, len(self.log))

    def receive(self, link: Link, upto: int) -> None:
        """The stream from its primary. A frame carries the epoch."""
        primary = link.primary
        if link.is_closed or self.link is not link:
            return
        if primary.seen < self.seen and not self.world.bugs.forgets_epochs:
            self._close_link()
            return
        self.log += primary.log[len(self.log) : upto]
        if self.is_always_synced:
            self.synced = len(self.log)
        self.world.carry(self, primary, primary.acknowledge, link, len(self.log), self.seen)

    def acknowledge(self, link: Link, offset: int, epoch: int) -> None:
        """A replica holds so much."""
        if link.is_closed or self.links.get(link.replica.name) is not link:
            return
        if epoch > self.seen and not self.world.bugs.forgets_epochs:
            self._drop(link)
            return
        link.acked = offset
        link.sent = offset
        link.is_busy = False
        self._feed(link)
        self._advance()

    def _connect(self, attempt: int) -> None:
        """Asks its primary for the stream, again and again."""
        if attempt != self.tries or not self.is_running or self.following is None or self.link:
            return
        self.tries += 1
        self.world.carry(self, self.following, self.following.accept, self, self.seen, self.run)
        self.world.kernel.after(RETRY_SECONDS, self.again, self.tries)

    def again(self, attempt: int) -> None:
        """Its own timer, which waits while it is frozen."""
        if self.is_frozen:
            self.stuck.append((self._connect, (attempt,)))
        else:
            self._connect(attempt)

    def accept(self, replica: Node, epoch: int, run: int) -> None:
        """A replica wants the stream: what it has beyond the fork is cut off, then it goes on, or begins anew."""
        self.look_at_lease()
        is_primary_of_it = self.was_promoted and (epoch == self.seen or self.world.bugs.forgets_epochs)
        if not is_primary_of_it or not replica.is_running or replica.run != run or replica.following is not self:
            return
        if not self.world.is_connected(self, replica) or replica.link or replica.is_syncing:
            return
        old = self.links.pop(replica.name, None)
        if old:
            old.is_closed = True
        fork = min(len(self.log), len(replica.log))
        while fork and self.log[fork - 1] != replica.log[fork - 1]:
            fork -= 1
        link = Link(self, replica, fork)
        replica.lost += len(replica.log) - fork
        if len(self.log) - fork > BACKLOG_ENTRIES or replica.is_hollow:
            replica.is_hollow = replica.is_syncing = True
            del replica.log[:]
            replica.synced = 0
            self.world.kernel.after(LOAD_SECONDS, replica.load, link, run, len(self.log))
            return
        del replica.log[fork:]
        replica.synced = min(replica.synced, fork)
        self._attach(link, replica)

    def load(self, link: Link, run: int, upto: int) -> None:
        """The snapshot of a full resync has arrived."""
        if self.run != run or not self.is_running:
            return
        self.is_syncing = False
        is_wanted = self.following is link.primary and link.primary.was_promoted and link.primary.seen == self.seen
        if not is_wanted or not self.world.is_connected(self, link.primary):
            self._connect(self.tries)
            return
        self.is_hollow = False
        self.log = link.primary.log[:upto]
        self.synced = 0
        link.primary._attach(link, self)

    def _attach(self, link: Link, replica: Node) -> None:
        link.sent = link.acked = len(replica.log)
        replica.link = link
        self.links[replica.name] = link
        self._feed(link)
        self._advance()

    def broken(self, link: Link) -> None:
        """The network lost something of it: a connection does not survive that."""
        if not link.is_closed:
            link.primary._drop(link)

    def _drop(self, link: Link) -> None:
        link.is_closed = True
        if self.links.get(link.replica.name) is link:
            del self.links[link.replica.name]
        replica = link.replica
        if replica.link is link:
            replica.link = None
            self.world.kernel.after(RETRY_SECONDS / 3, replica.again, replica.tries)

    def _close_link(self) -> None:
        link, self.link = self.link, None
        if link:
            link.is_closed = True
            if link.primary.links.get(self.name) is link:
                del link.primary.links[self.name]

    def sync(self) -> None:
        """fsync."""
        if self.is_running and not self.is_hollow:
            self.synced = len(self.log)
