"""`twemproxy-modula`: agrees with twemproxy 0.5, `distribution: modula`.

A server has as many slots as it weighs. Quirk: the order in the file does not count, twemproxy sorts servers by name,
shorter names first. Not consistent: a server more or less moves nearly every key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from memcluster.proxy.placement.contract import Options, Placement
from memcluster.proxy.placement.rules import Modula
from memcluster.proxy.placement.twemproxy_ketama import TWEMPROXY_HASHES, name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from memcluster.proxy.server import Server


def build(servers: Sequence[Server], options: Options) -> Modula:
    """The slots of nc_modula.c."""
    order = sorted(range(len(servers)), key=lambda index: _rank(servers[index]))
    return Modula(options.hash, tuple(index for index in order for _ in range(servers[index].weight)))


def _rank(server: Server) -> tuple[int, bytes]:
    name = name_of(server).encode()
    return len(name), name


ROW = Placement("twemproxy-modula", "twemproxy 0.5, modula", build, TWEMPROXY_HASHES, is_consistent=False)
