"""`memcached-ring` and its modes: agree with memcached 1.6's own proxy, `dist = mcp.dist_ring_hash` with its `omode`.

| placement                  | omode     | points                                                                    |
| memcached-ring             | default   | 160 x the low 32 bits of XXH3 of `host:port-i`                            |
| memcached-ring-ketama      | ketama    | 40 x MD5 of `host:port-i`, port 11211 included                            |
| memcached-ring-twemproxy   | twemproxy | 40 x MD5 of `host-i` on port 11211, else `host:port-i`; no float rounding |
| memcached-ring-evcache     | evcache   | 40 x MD5 of `host/host:port-i`                                            |

Quirks: no weights; keys are hashed by XXH3 unless the pool says `hash = mcp.dist_ring_hash.hash`, which is md5 here. A
server goes by its address, whatever it is called; a name given here stands in for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from memcluster.proxy.placement.contract import Options, Placement
from memcluster.proxy.placement.md5_points import md5_points
from memcluster.proxy.placement.rules import Continuum, continuum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from memcluster.proxy.server import Server

DIGESTS = 40


def _default(server: Server) -> Iterable[int]:
    from memcluster import _native

    for number in range(4 * DIGESTS):
        yield _native.hash_key("xxh3_64", f"{server.label}-{number}".encode()) & 0xFFFFFFFF


def _ketama(server: Server) -> Iterable[int]:
    return md5_points(server.label, DIGESTS)


def _twemproxy(server: Server) -> Iterable[int]:
    return md5_points(server.short_name, DIGESTS)


def _evcache(server: Server) -> Iterable[int]:
    return md5_points(server.name or f"{server.host}/{server.address}", DIGESTS)


def _row(omode: str, points: Callable[[Server], Iterable[int]]) -> Placement:
    def build(servers: Sequence[Server], options: Options) -> Continuum:
        found = [(point, index) for index, server in enumerate(servers) for point in points(server)]
        return continuum(options.hash, "at_or_above", found)

    name = "memcached-ring" if omode == "default" else f"memcached-ring-{omode}"
    agrees_with = f"memcached 1.6 proxy, dist ring_hash, omode {omode}"
    return Placement(name, agrees_with, build, ("xxh3_64", "md5"), has_weights=False)


MODES = {"default": _default, "ketama": _ketama, "twemproxy": _twemproxy, "evcache": _evcache}
ROWS = tuple(_row(omode, points) for omode, points in MODES.items())
