"""What goes into a state store and comes out of it, and what can go wrong: values, no behaviour."""

from __future__ import annotations

import msgspec

from memcluster.errors import StoreError


class StoreUnavailable(StoreError):  # noqa: N818 (what the caller can do next: ask again)
    """No answer in time. What was to be written may have been written: read before you write again."""


class LeaseGone(StoreError):  # noqa: N818
    """The lease has run out or was revoked, and with it what stood under it."""


class Compacted(StoreError):  # noqa: N818
    """The store no longer remembers changes so old: read the range, and watch from its revision."""


class Entry(msgspec.Struct, frozen=True):
    """A key's value, the revision that wrote it, and the lease it stands under (0: none)."""

    key: str
    value: bytes
    revision: int
    lease: int = 0


class Snapshot(msgspec.Struct, frozen=True):
    """Entries as they were together at a revision."""

    revision: int
    entries: dict[str, Entry]


class Compare(msgspec.Struct, frozen=True):
    """Holds if the key was last written by this revision; 0: if there is no such key."""

    key: str
    revision: int


class Put(msgspec.Struct, frozen=True):
    """Write the key, under a lease or under none."""

    key: str
    value: bytes
    lease: int = 0


class Delete(msgspec.Struct, frozen=True):
    """Remove the key, if there is one."""

    key: str


class Batch(msgspec.Struct, frozen=True):
    """What has changed up to this revision, in order; of a key that is gone its name only."""

    revision: int
    changes: tuple[Entry | Delete, ...]
