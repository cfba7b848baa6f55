"""`spymemcached-ketama`: agrees with spymemcached 2.12 and the ElastiCache client for Java, KetamaNodeLocator.

Quirks: always 160 points a server, whatever their number; weights are not part of it. A server goes by `ip:port`, port
11211 included; one configured there by host name goes by `host/ip:port`, which here must be given as its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from memcluster.proxy.placement.contract import Options, Placement
from memcluster.proxy.placement.md5_points import md5_points
from memcluster.proxy.placement.rules import Continuum, continuum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from memcluster.proxy.server import Server


def build(servers: Sequence[Server], options: Options) -> Continuum:
    """The ring that KetamaNodeLocator builds in its SPYMEMCACHED format."""
    points = [(point, index) for index, server in enumerate(servers) for point in md5_points(server.label, 40)]
    return continuum(options.hash, "at_or_above", points)


ROW = Placement(
    "spymemcached-ketama", "spymemcached 2.12, KetamaNodeLocator", build, hashes=("md5",), has_weights=False
)
