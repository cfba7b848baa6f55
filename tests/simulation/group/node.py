"""A simulated node: the MEMC.* contract, a log, replicas. It knows a network, a clock of its own and no supervisor.

Its log is a list of entries (epoch, number, time): two logs that have the same entry at a place are the same up to it.
What a crash leaves of the log is what was synced, and a part of the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from memcluster.redis.group import orders
from memcluster.redis.group.orders import Attached, Status
from memcluster.redis.group.state import NodeConfig
from tests.simulation.group.kernel import Actor

if TYPE_CHECKING:
    from tests.simulation.group.world import World

Entry = tuple[int, int, float]

SYNC_SECONDS = 0.4
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


class Held:
    """A request whose reply waits until its offset is confirmed."""

    __slots__ = ("known", "offset")

    def __init__(self, offset: int, known: int) -> None:
        self.offset, self.known = offset, known


class Node(Actor):
    """A node and its disk."""

    def __init__(self, world: World, config: NodeConfig, *, is_always_synced: bool) -> None:
        super().__init__()
        self.world, self.config, self.name = world, config, config.name
        self.is_always_synced = is_always_synced
        source = world.source
        self.rate = 1 + source.uniform(-world.drift, world.drift)
        self.clock_offset = source.uniform(0, 1000)
        # The disk.
        self.log: list[Entry] = []
        self.synced = 0
        self.seen = 0
        # The process.
        self.run = 0
        self.is_running = False
        self.is_hollow = False
        """A full resync began and did not end: what it held is gone, and nothing whole is there yet."""
        self._forget()

    def _forget(self) -> None:
        self.role: Any = "fenced"
        self.until = 0.0
        self.following: Node | None = None
        self.link: Link | None = None
        self.links: dict[str, Link] = {}
        self.tries = 0
        self.is_syncing = False
        self.lost = 0
        self.told = (0, 0)
        self.counted: tuple[str, ...] = ()
        self.durability = "async"
        self.k = 0
        self.confirmed = 0
        self.held: list[Held] = []
        self.paused_until = 0.0
        self.waiting: list[tuple[bool, int]] = []

    # --- its process

    def start(self) -> None:
        self.run += 1
        self.is_running = True
        self.is_frozen = False
        self.stuck = []
        self._forget()

    def crash(self, *, loses_disk: bool = False) -> None:
        """kill -9: the tail of the log that was not synced is lost, or a part of it."""
        self.is_running = False
        for link in list(self.links.values()):
            self._drop(link)
        if self.link:
            self._close_link()
        self._forget()
        keep = 0 if loses_disk else self.world.source.randint(min(self.synced, len(self.log)), len(self.log))
        self.is_hollow = False
        del self.log[keep:]
        self.synced = keep
        if loses_disk:
            self.seen = 0
        self.stuck = []

    def clock(self) -> float:
        """Its own, in seconds."""
        return self.clock_offset + self.world.kernel.time * self.rate

    @property
    def log_epoch(self) -> int:
        return self.log[-1][0] if self.log else 0

    # --- orders

    def execute(self, order: orders.Order) -> str | None:
        """What it answers if it refuses."""
        self.look_at_lease()
        if order.epoch < self.seen and not self.world.bugs.forgets_epochs:
            return f"STALEEPOCH seen {self.seen}"
        match order:
            case orders.Lease():
                return self._lease(order)
            case orders.Seal():
                return self._seal(order.epoch)
            case orders.Promote():
                return self._promote(order)
            case orders.Follow():
                return self._follow(order)
            case orders.InSync():
                return self._in_sync(order)
            case orders.Pause():
                if self.role != "primary" or order.epoch != self.seen:
                    return "NOTPRIMARY"
                self.paused_until = self.clock() + order.for_ms / 1000
                self.world.kernel.after(order.for_ms / 1000 / self.rate + 0.001, self._go_on, self.run)
            case orders.Resume():
                self.paused_until = 0.0
                self._go_on(self.run)
        return None

    def _deadline(self, until_ms: int) -> float:
        return self.world.bugs.deadline(self, until_ms / 1000)

    def _lease(self, order: orders.Lease) -> str | None:
        if self.log_epoch != order.epoch or self.following or self.seen != order.epoch or not self.was_promoted:
            return "NOTPRIMARY"
        until = self._deadline(order.until_ms)
        if until <= self.clock():
            return "LEASEPAST"
        self.until = max(self.until, until)
        self.role = "primary"
        # What was confirmed while it was fenced counts.
        self._advance()
        return None

    def _promote(self, order: orders.Promote) -> str | None:
        if self.is_hollow:
            return "LOADING"
        if order.epoch == self.seen and self.was_promoted:
            return self._lease(orders.Lease(order.epoch, order.until_ms))
        until = self._deadline(order.until_ms)
        if until <= self.clock():
            return "LEASEPAST"
        if order.epoch == self.log_epoch:
            return "NOTPRIMARY follows the primary of this epoch"
        if self.link:
            self._close_link()
        self.following = None
        self.see(order.epoch)
        self.role, self.until = "primary", until
        self.told, self.counted, self.confirmed = (order.epoch, 0), (), 0
        self.world.checks.promoted(self, order.epoch)
        self.append((order.epoch, 0, self.world.kernel.time))
        return None

    @property
    def was_promoted(self) -> bool:
        """Whether it is the primary of the epoch it has seen last, fenced or not."""
        return self.told[0] == self.seen > 0 and self.following is None and self.role != "replica"

    def _seal(self, epoch: int) -> str | None:
        if self.is_hollow:
            return "LOADING"
        if epoch > self.seen:
            self.see(epoch)
            self._fence()
            if self.link:
                self._close_link()
            self.following = None
            self.role = "fenced"
        return None

    def _follow(self, order: orders.Follow) -> str | None:
        primary = self.world.nodes.get(order.host)
        if primary is None or primary is self:
            return "ERR no such node"
        if self.was_promoted and order.epoch == self.seen:
            return "ERR primary of this epoch"
        if self.following is primary and self.seen == order.epoch:
            return None
        self._fence()
        self.see(order.epoch)
        self.role = "replica"
        if self.link:
            self._close_link()
        self.following = primary
        self._connect(self.tries)
        return None

    def _in_sync(self, order: orders.InSync) -> str | None:
        if not self.was_promoted or order.epoch != self.seen:
            return "NOTPRIMARY"
        if (order.epoch, order.version) < self.told and not self.world.bugs.forgets_versions:
            return f"STALEVERSION seen {self.told[1]}"
        self.told = (order.epoch, order.version)
        self.counted, self.durability = order.names, order.durability
        kind, _, number = order.durability.partition(":")
        self.k = int(number) if kind == "sync" else int(kind == "bounded")
        self.world.checks.law()
        self._advance()
        return None

    def see(self, epoch: int) -> None:
        if epoch > self.seen:
            self.seen = epoch
            for link in list(self.links.values()):
                self._drop(link)

    def look_at_lease(self) -> None:
        """Fences itself if its own clock says so."""
        if self.role == "primary" and self.clock() >= self.until:
            self._fence()
            self.role = "fenced"

    def _fence(self) -> None:
        """Closes clients' connections: what is not released never will be."""
        self.held.clear()
        self.waiting.clear()
        self.paused_until = 0.0

    def status(self) -> Status:
        """MEMC.STATUS."""
        self.look_at_lease()
        now = self.world.kernel.time
        total = len(self.log)
        attached = ()
        if self.links:
            attached = tuple(
                Attached(
                    name,
                    state="online",
                    offset=link.acked,
                    lag_ms=int((now - self.log[link.acked][2]) * 1000) if link.acked < total else 0,
                )
                for name, link in self.links.items()
            )
        if self.is_syncing:
            connection = "syncing"
        else:
            connection = "up" if self.link else "down" if self.following else "none"
        return Status(
            name=self.name,
            role=self.role,
            epoch=self.seen,
            log_epoch=self.log_epoch,
            run_id=f"{self.name}.{self.run}",
            clock_ms=int(self.clock() * 1000),
            offset=total,
            lease_left_ms=int((self.until - self.clock()) * 1000) if self.role == "primary" else 0,
            synced_offset=self.synced,
            durability=self.durability,
            in_sync=self.counted,
            in_sync_version=self.told[1] if self.was_promoted else 0,
            link=connection,  # type: ignore[arg-type]
            primary=self.following.config.address if self.following else "",
            replicas=attached,
            loading=self.is_hollow,
            lost_bytes=self.lost,
        )

    # --- clients

    def request(self, is_write: bool, known: int) -> None:
        """A client's request; `known`: how much was acknowledged when it was sent."""
        self.look_at_lease()
        if self.role != "primary":
            return
        if self.clock() < self.paused_until and is_write:
            self.waiting.append((is_write, known))
            return
        now = self.world.kernel.time
        if is_write:
            if self.durability.startswith("bounded") and self._oldest_unconfirmed() < now - self.world.bound:
                return
            self.world.checks.wrote(self)
            self.world.written += 1
            self.append((self.seen, self.world.written, now))
        else:
            self.world.checks.read(self, known)
        offset = len(self.log)
        if self.durability.startswith("sync") or self.told[1] == 0:
            self.held.append(Held(offset, known))
            self._advance()
        elif is_write:
            self.world.checks.answered_early(self)

    def _oldest_unconfirmed(self) -> float:
        return self.log[self.confirmed][2] if self.confirmed < len(self.log) else self.world.kernel.time

    def _go_on(self, run: int) -> None:
        if run == self.run and self.is_running and self.clock() >= self.paused_until:
            waiting, self.waiting = self.waiting, []
            for is_write, known in waiting:
                self.request(is_write, known)

    def _advance(self) -> None:
        """Releases what enough replicas hold."""
        self.look_at_lease()
        if self.role != "primary" or self.told[1] == 0:
            return
        if self.k == 0:
            confirmed = len(self.log)
        else:
            acks = sorted((self.links[name].acked if name in self.links else 0 for name in self.counted), reverse=True)
            confirmed = acks[self.k - 1] if len(acks) >= self.k else 0
            confirmed = self.world.bugs.confirmed(self, confirmed, acks)
        if confirmed <= self.confirmed:
            confirmed = self.confirmed
        else:
            self.confirmed = confirmed
            if self.k:
                self.world.checks.confirmed(self, confirmed)
        held = self.held
        while held and held[0].offset <= confirmed:
            self.world.checks.released(self, held.pop(0))

    # --- replication

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
