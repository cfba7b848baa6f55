"""What a state store can do. Read this first; its backings are the files beside it, held to one test of the contract.

Every change has a revision, one sequence for the whole store. An entry under a lease goes when the lease runs out, by
the store's clock alone. Whoever reads, decides and writes puts what was read into `Compare`, so nothing is overwritten.

| here                      | etcd v3 through its JSON gateway                                                         |
| ------------------------- | ---------------------------------------------------------------------------------------- |
| range(prefix)             | kv/range {key, range_end}: kvs[].mod_revision, .lease; header.revision                   |
| commit(compares, changes) | kv/txn {compare: target MOD, EQUAL; success: request_put, request_delete_range}          |
| grant(ttl)                | lease/grant {TTL: whole seconds, rounded up}; what it grants counts                      |
| keep_alive(lease)         | lease/keepalive, its first answer; TTL 0 is LeaseGone                                    |
| revoke(lease)             | lease/revoke                                                                             |
| watch(prefix, after)      | watch {create_request: start_revision = after + 1}; compact_revision is Compacted        |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from memcluster.cluster.store.entries import Batch, Compare, Delete, Put, Snapshot


class Store(Protocol):
    """A backing. Every method may raise StoreUnavailable, and none waits longer than the backing's own limit."""

    async def range(self, prefix: str) -> Snapshot:
        """All entries whose key begins so, as one reading."""

    async def commit(self, compares: Sequence[Compare], changes: Sequence[Put | Delete]) -> int:
        """Makes all changes as one revision and returns it, if all compares hold; otherwise none, and returns 0."""

    async def grant(self, ttl: float) -> tuple[int, float]:
        """A new lease, and how many seconds it lasts from when it was granted, which is before the answer."""

    async def keep_alive(self, lease: int) -> float:
        """Begins the lease anew and says how many seconds it lasts. LeaseGone."""

    async def revoke(self, lease: int) -> None:
        """Ends the lease and removes what stands under it; of one that is gone already nothing is left to do."""

    async def watch(self, prefix: str, after: int) -> Batch:
        """Waits until keys that begin so change after this revision, and says how. Compacted."""
