"""A simulated node: the MEMC.* contract, a log, replicas. It knows a network, a clock of its own and no supervisor.

Its log is a list of entries (epoch, number, time): two logs that have the same entry at a place are the same up to it.
What a crash leaves of the log is what was synced, and a part of the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from memcluster.redis.group import orders
from memcluster.redis.group.orders import Attached, Status
from tests.simulation.group.replication import Entry, Link, Replicating

if TYPE_CHECKING:
    from collections.abc import Callable

    from memcluster.redis.group.state import NodeConfig
    from tests.simulation.group.world import World

SYNC_SECONDS = 0.4


class Held:
    """A request whose reply waits until its offset is confirmed."""

    __slots__ = ("known", "offset")

    def __init__(self, offset: int, known: int) -> None:
        self.offset, self.known = offset, known


class Node(Replicating):
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
        return ORDERS[type(order)](self, order)

    def _pause(self, order: orders.Pause) -> str | None:
        if self.role != "primary" or order.epoch != self.seen:
            return "NOTPRIMARY"
        self.paused_until = self.clock() + order.for_ms / 1000
        self.world.kernel.after(order.for_ms / 1000 / self.rate + 0.001, self._go_on, self.run)
        return None

    def _resume(self, order: orders.Resume) -> str | None:
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
        if order.run_id != f"{self.name}.{self.run}":
            return "ERR another run"
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

    def _seal(self, order: orders.Seal) -> str | None:
        if self.is_hollow:
            return "LOADING"
        if order.epoch > self.seen:
            self.see(order.epoch)
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
        connection = "syncing" if self.is_syncing else "up" if self.link else "down" if self.following else "none"
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


ORDERS: dict[type[orders.Order], Callable[[Node, Any], str | None]] = {
    orders.Lease: Node._lease,
    orders.Seal: Node._seal,
    orders.Promote: Node._promote,
    orders.Follow: Node._follow,
    orders.InSync: Node._in_sync,
    orders.Pause: Node._pause,
    orders.Resume: Node._resume,
}
