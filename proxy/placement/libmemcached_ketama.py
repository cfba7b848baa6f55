"""`libmemcached-ketama` and `libmemcached-ketama-weighted`: agree with libmemcached 1.0 and 1.1.

pylibmc's `{"ketama": True}` is the first, `{"ketama": True, "ketama_weighted": True}` and PHP's
OPT_LIBKETAMA_COMPATIBLE are the second. Quirks:
- a server goes by `host` on port 11211, else `host:port`; a unix socket by `path:0`;
- unweighted: 100 points a server, each the key hash (default one_at_a_time, signed characters) of `name-i`;
- but any server that weighs more than 1 turns the unweighted ring into the weighted one, while the key hash stays;
- weighted: four points to an MD5, counted in single precision (single_precision.py), keys hashed by MD5;
- it takes no names: a name given here stands in for the address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from memcluster.proxy.placement.contract import HASHES, Options, Placement
from memcluster.proxy.placement.md5_points import md5_points
from memcluster.proxy.placement.rules import Continuum, Point, continuum
from memcluster.proxy.placement.single_precision import digests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from memcluster.proxy.server import Server

POINTS = 100
LIBMEMCACHED_HASHES = tuple(name for name in HASHES if name not in {"crc16", "crc32a", "hsieh", "xxh3_64"})


def build(servers: Sequence[Server], options: Options) -> Continuum:
    """The unweighted ring of hosts.cc, unless a weight turns it into the other."""
    if any(server.weight > 1 for server in servers):
        return build_weighted(servers, options)
    from memcluster import _native

    points: list[Point] = [
        (_native.hash_key(options.hash, f"{_name(server)}-{number}".encode()), index)
        for index, server in enumerate(servers)
        for number in range(POINTS)
    ]
    return continuum(options.hash, "at_or_above", points)


def build_weighted(servers: Sequence[Server], options: Options) -> Continuum:
    """The weighted ring of hosts.cc."""
    counts = digests([server.weight for server in servers])
    points = [
        (point, index)
        for index, (server, count) in enumerate(zip(servers, counts, strict=True))
        for point in md5_points(_name(server), count)
    ]
    return continuum(options.hash, "at_or_above", points)


def _name(server: Server) -> str:
    return f"{server.host}:0" if server.is_unix and server.name is None else server.short_name


ROWS = (
    Placement("libmemcached-ketama", "libmemcached 1.0/1.1, KETAMA (pylibmc: ketama)", build, LIBMEMCACHED_HASHES),
    Placement(
        "libmemcached-ketama-weighted",
        "libmemcached 1.0/1.1, KETAMA_WEIGHTED (PHP: OPT_LIBKETAMA_COMPATIBLE)",
        build_weighted,
        ("md5",),
    ),
)
