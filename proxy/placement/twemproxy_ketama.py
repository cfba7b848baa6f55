"""`twemproxy-ketama`: agrees with twemproxy 0.5, `distribution: ketama`, with each of its key hashes.

Quirks:
- a server goes by its explicit name, else `host` on port 11211 and `host:port` on any other; a unix socket by its path
  and a colon, because the name is cut one character too long;
- weights count also for named servers (its notes say otherwise, its code and this do not);
- points a server gets are rounded in single precision (single_precision.py);
- the default hash is fnv1a_64, 32-bit arithmetic on signed characters: choose md5 to agree with ketama clients;
- when it ejects a server it shares out the weights anew among the live ones; memcluster only drops the dead one's
  points, so that no key moves between two live servers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from memcluster.proxy.placement.contract import HASHES, Options, Placement
from memcluster.proxy.placement.md5_points import md5_points
from memcluster.proxy.placement.rules import Continuum, continuum
from memcluster.proxy.placement.single_precision import digests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from memcluster.proxy.server import Server

TWEMPROXY_HASHES = ("fnv1a_64", *(name for name in HASHES if name not in {"fnv1a_64", "xxh3_64"}))


def name_of(server: Server) -> str:
    """What nc_conf.c calls a server."""
    return f"{server.host}:" if server.is_unix and server.name is None else server.short_name


def build(servers: Sequence[Server], options: Options) -> Continuum:
    """The ring that nc_ketama.c builds."""
    counts = digests([server.weight for server in servers])
    points = [
        (point, index)
        for index, (server, count) in enumerate(zip(servers, counts, strict=True))
        for point in md5_points(name_of(server), count)
    ]
    return continuum(options.hash, "at_or_above", points)


ROW = Placement("twemproxy-ketama", "twemproxy 0.5, distribution: ketama", build, hashes=TWEMPROXY_HASHES)
