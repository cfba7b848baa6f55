"""`modula`: agrees with twemproxy 0.5, `distribution: modula`, and with libmemcached's default distribution.

A server has as many slots as it weighs (libmemcached knows no weights here: leave them at 1; its default key hash is
one_at_a_time). Not consistent: a server more or less moves nearly every key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from memcluster.proxy.placement.contract import Options, Placement
from memcluster.proxy.placement.rules import Modula
from memcluster.proxy.placement.twemproxy_ketama import TWEMPROXY_HASHES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from memcluster.proxy.server import Server


def slots(servers: Sequence[Server]) -> tuple[int, ...]:
    """A slot for each unit of weight, in the servers' order."""
    return tuple(index for index, server in enumerate(servers) for _ in range(server.weight))


def build(servers: Sequence[Server], options: Options) -> Modula:
    """The slots of nc_modula.c."""
    return Modula(options.hash, slots(servers))


ROW = Placement("modula", "twemproxy 0.5, distribution: modula", build, TWEMPROXY_HASHES, is_consistent=False)
