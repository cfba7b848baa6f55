"""`pymemcache-rendezvous`: agrees with pymemcache 4, HashClient and AWSElastiCacheHashClient with their RendezvousHash.

Quirks:
- a server goes by `host:port`, port 11211 included, a socket by its path; equal scores go to the larger name;
- the client hashes the Python object as given: a key given as `b"k"` is hashed as the four characters `b'k'` and so
  lands elsewhere than `"k"`. A proxy sees bytes only and follows the string;
- the client's `key_prefix` is sent but not hashed, so a proxy disagrees with a client that has one;
- no weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from memcluster.proxy.placement.contract import Options, Placement
from memcluster.proxy.placement.rules import Rendezvous

if TYPE_CHECKING:
    from collections.abc import Sequence

    from memcluster.proxy.server import Server


def build(servers: Sequence[Server], _: Options) -> Rendezvous:
    """The names that HashClient hashes keys with."""
    return Rendezvous(tuple(_name(server) for server in servers))


def _name(server: Server) -> str:
    return server.name or (server.host if server.is_unix else f"{server.host}:{server.port}")


ROW = Placement("pymemcache-rendezvous", "pymemcache 4, HashClient", build, has_weights=False)
