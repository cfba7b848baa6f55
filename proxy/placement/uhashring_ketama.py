"""`uhashring-ketama`, the default: agrees with uhashring 2.x, `HashRing(nodes, hash_fn="ketama")`.

uhashring itself computes the points, here. Its quirks:
- a server goes by its name exactly as given, else `host:port`, port 11211 included: to agree with twemproxy or
  libmemcached give servers on port 11211 the name `host`;
- digests are shared out in integers, `40 * servers * weight // total`: no float rounding;
- a key goes to the first point *above* its hash, not at it;
- keys are hashed as UTF-8 text: the ring asked with `b"k"` hashes the four characters `b'k'`, which no proxy sees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from memcluster.errors import ConfigError
from memcluster.proxy.placement.contract import Options, Placement
from memcluster.proxy.placement.rules import Continuum, continuum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from memcluster.proxy.server import Server


def build(servers: Sequence[Server], _: Options) -> Continuum:
    """The ring that uhashring builds."""
    from uhashring import HashRing  # only when a pool uses it

    index = {server.label: number for number, server in enumerate(servers)}
    ring = HashRing({server.label: server.weight for server in servers}, hash_fn="ketama")
    points = [(point, index[name]) for point, name in ring.get_points()]
    if not points:
        raise ConfigError("uhashring gives these weights no points: make them less uneven")
    return continuum("md5", "above", points)


ROW = Placement("uhashring-ketama", "uhashring 2.5 with hash_fn='ketama'", build, hashes=("md5",))
