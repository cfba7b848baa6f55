"""`modula`: agrees with libmemcached 1.0 and 1.1, MODULA, its default distribution and so pylibmc's and PHP's.

The key's hash modulo the number of servers, in the order given; no weights. Not consistent: a server more or less moves
nearly every key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from memcluster.proxy.placement.contract import Options, Placement
from memcluster.proxy.placement.libmemcached_ketama import LIBMEMCACHED_HASHES
from memcluster.proxy.placement.rules import Modula

if TYPE_CHECKING:
    from collections.abc import Sequence

    from memcluster.proxy.server import Server


def build(servers: Sequence[Server], options: Options) -> Modula:
    """A slot a server."""
    return Modula(options.hash, tuple(range(len(servers))))


ROW = Placement(
    "modula", "libmemcached 1.0/1.1, MODULA", build, LIBMEMCACHED_HASHES, has_weights=False, is_consistent=False
)
