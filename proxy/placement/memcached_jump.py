"""`memcached-jump`: agrees with memcached 1.6's own proxy, its default distribution.

The key's XXH3 (64 bits; the pool's seed string, itself hashed, is its seed) picks a bucket by Lamping and Veach's jump
hash. Quirks: servers count by their place in the list, so add and remove them at its end only; no weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from memcluster.proxy.placement.contract import Options, Placement
from memcluster.proxy.placement.rules import Jump

if TYPE_CHECKING:
    from collections.abc import Sequence

    from memcluster.proxy.server import Server


def build(_: Sequence[Server], options: Options) -> Jump:
    """Jump hashing needs no points."""
    if options.seed is None:
        return Jump(options.hash)
    from memcluster import _native

    return Jump(options.hash, _native.hash_key("xxh3_64", options.seed.encode()))


ROW = Placement("memcached-jump", "memcached 1.6 proxy, dist jump_hash", build, ("xxh3_64",), False, has_seed=True)
