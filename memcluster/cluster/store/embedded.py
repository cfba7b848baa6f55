"""A state store in one SQLite file: for clusters on one machine, with nothing to set up. Several processes may open it.

Leases end by the machine's own clock, which goes on while the machine sleeps and which all its processes share; a lease
that was granted before the machine was started anew begins anew. What was committed is on the disk before the answer;
renewing a lease is not, since after a power failure all leases begin anew anyway.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

import trio

from memcluster.cluster.store import schema
from memcluster.cluster.store.entries import (
    Batch,
    Compacted,
    Delete,
    Entry,
    LeaseGone,
    Put,
    Snapshot,
    StoreUnavailable,
)
from memcluster.cluster.store.schema import HISTORY_MAX, after_prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from memcluster.cluster.store.entries import Compare

TIMEOUT_SECONDS = 1.0
"""A disk or another process that holds a call for longer is no store at that time."""
POLL_SECONDS = 0.1
"""How soon those who watch see what another process wrote."""

R = TypeVar("R")


def boot_clock() -> float:
    """Seconds since the machine was started, those included in which it slept."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def boot_id() -> str:
    """Names this run of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


class EmbeddedStore:
    """One open file. Each call is a transaction in a thread, one at a time."""

    def __init__(self, connection: sqlite3.Connection, now: Callable[[], float], boot: str) -> None:
        self._connection, self._now, self._boot = connection, now, boot
        self._turn = trio.CapacityLimiter(1)
        self._changed = trio.Event()

    @classmethod
    def open(cls, path: Path, *, now: Callable[[], float] = boot_clock, boot: str | None = None) -> Self:
        """Opens the file, which is made if it is not there. ConfigError if it is something else."""
        return cls(schema.connect(path, TIMEOUT_SECONDS), now, boot or boot_id())

    def close(self) -> None:
        """Closes the file; leases run on."""
        self._connection.close()

    async def range(self, prefix: str) -> Snapshot:
        """All entries whose key begins so."""

        def read() -> Snapshot:
            self._expire()
            rows = self._connection.execute(
                "SELECT key, value, revision, lease FROM entries WHERE key >= ? AND key < ?",
                (prefix, after_prefix(prefix)),
            )
            found = {row[0]: Entry(*row) for row in rows}
            return Snapshot(self._revision(), found)

        return await self._run(read)

    async def commit(self, compares: Sequence[Compare], changes: Sequence[Put | Delete]) -> int:
        """Makes all changes, if all compares hold."""

        def write() -> int:
            self._expire()
            for compare in compares:
                row = self._connection.execute("SELECT revision FROM entries WHERE key = ?", (compare.key,)).fetchone()
                if compare.revision != (row[0] if row else 0):
                    return 0
            for change in changes:
                if isinstance(change, Put) and change.lease and self._ttl(change.lease) is None:
                    raise LeaseGone(f"{change.key}: lease {change.lease} has run out")
            return self._apply(changes)

        revision = await self._run(write, is_durable=True)
        self._wake()
        return revision

    async def grant(self, ttl: float) -> tuple[int, float]:
        """A new lease."""

        def write() -> int:
            row = ("INSERT INTO leases (ttl, ends, boot) VALUES (?, ?, ?)", (ttl, self._now() + ttl, self._boot))
            return int(self._connection.execute(*row).lastrowid or 0)

        return await self._run(write), ttl

    async def keep_alive(self, lease: int) -> float:
        """Begins the lease anew."""

        def write() -> float:
            self._expire()
            ttl = self._ttl(lease)
            if ttl is None:
                raise LeaseGone(f"lease {lease} has run out")
            self._connection.execute("UPDATE leases SET ends = ? WHERE id = ?", (self._now() + ttl, lease))
            return ttl

        return await self._run(write)

    async def revoke(self, lease: int) -> None:
        """Ends the lease."""
        await self._run(lambda: self._end([lease]), is_durable=True)
        self._wake()

    async def watch(self, prefix: str, after: int) -> Batch:
        """Waits for changes. Those of other processes, and leases that end, are seen within POLL_SECONDS."""

        def read() -> Batch:
            self._expire()
            if after < self._number("forgotten"):
                raise Compacted("changes so old are forgotten: read the range again")
            rows = self._connection.execute(
                "SELECT key, value, revision, lease FROM changes WHERE revision > ? AND key >= ? AND key < ? "
                "ORDER BY revision, rowid",
                (after, prefix, after_prefix(prefix)),
            )
            changes = tuple(Delete(row[0]) if row[1] is None else Entry(*row) for row in rows)
            return Batch(self._revision(), changes)

        while True:
            changed = self._changed
            batch = await self._run(read)
            if batch.changes:
                return batch
            with trio.move_on_after(POLL_SECONDS):
                await changed.wait()

    # --- in a transaction

    async def _run(self, call: Callable[[], R], *, is_durable: bool = False) -> R:
        """One transaction. Without an answer in time it may still come about."""
        with trio.move_on_after(TIMEOUT_SECONDS):
            try:
                return await trio.to_thread.run_sync(
                    self._transact, call, is_durable, limiter=self._turn, abandon_on_cancel=True
                )
            except sqlite3.Error as error:
                raise StoreUnavailable(f"the state file: {error}") from None
        raise StoreUnavailable(f"the state file has not answered for {TIMEOUT_SECONDS:g} s: its disk is slow or stuck")

    def _transact(self, call: Callable[[], R], is_durable: bool) -> R:
        self._connection.execute(f"PRAGMA synchronous = {'FULL' if is_durable else 'NORMAL'}")
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            result = call()
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()
        return result

    def _expire(self) -> None:
        now = self._now()
        self._connection.execute(
            "UPDATE leases SET ends = ? + ttl, boot = ? WHERE boot <> ?", (now, self._boot, self._boot)
        )
        self._end([row[0] for row in self._connection.execute("SELECT id FROM leases WHERE ends <= ?", (now,))])

    def _end(self, leases: list[int]) -> None:
        for lease in leases:
            was_there = self._connection.execute("DELETE FROM leases WHERE id = ?", (lease,)).rowcount
            rows = self._connection.execute("SELECT key FROM entries WHERE lease = ?", (lease,)).fetchall()
            if was_there and rows:
                self._apply([Delete(row[0]) for row in rows])

    def _apply(self, changes: Sequence[Put | Delete]) -> int:
        revision = self._revision() + 1
        for change in changes:
            if isinstance(change, Put):
                row = (change.key, change.value, revision, change.lease)
                self._connection.execute("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)", row)
                self._connection.execute("INSERT INTO changes VALUES (?, ?, ?, ?)", row)
            elif self._connection.execute("DELETE FROM entries WHERE key = ?", (change.key,)).rowcount:
                self._connection.execute("INSERT INTO changes VALUES (?, NULL, ?, 0)", (change.key, revision))
        self._set("revision", revision)
        if revision % HISTORY_MAX == 0:
            self._connection.execute("DELETE FROM changes WHERE revision <= ?", (revision - HISTORY_MAX,))
            self._set("forgotten", revision - HISTORY_MAX)
        return revision

    def _ttl(self, lease: int) -> float | None:
        row = self._connection.execute("SELECT ttl FROM leases WHERE id = ?", (lease,)).fetchone()
        return row[0] if row else None

    def _revision(self) -> int:
        return self._number("revision")

    def _number(self, name: str) -> int:
        return int(self._connection.execute("SELECT value FROM numbers WHERE name = ?", (name,)).fetchone()[0])

    def _set(self, name: str, value: int) -> None:
        self._connection.execute("UPDATE numbers SET value = ? WHERE name = ?", (value, name))

    def _wake(self) -> None:
        self._changed.set()
        self._changed = trio.Event()
