"""Who gets a key: one placement a file, each agreeing with the library it names, collected in one table.

contract.py          what a row says
rules.py             what the router understands: continuum, jump, rendezvous, modula, random
ejection.py          a rule without the servers that are out
md5_points.py        ketama's points
single_precision.py  C's rounding of weights
*_*.py               the placements

A new placement is a file with a ROW and a line in PLACEMENTS below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from memcluster.errors import ConfigError
from memcluster.proxy.placement import (
    libmemcached_ketama,
    memcached_jump,
    memcached_ring,
    modula,
    pymemcache_rendezvous,
    random,
    spymemcached_ketama,
    twemproxy_ketama,
    twemproxy_modula,
    uhashring_ketama,
)
from memcluster.proxy.placement.contract import Options, Placement
from memcluster.proxy.placement.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from memcluster.proxy.server import Server

PLACEMENTS: dict[str, Placement] = {
    row.name: row
    for row in (
        uhashring_ketama.ROW,
        twemproxy_ketama.ROW,
        *libmemcached_ketama.ROWS,
        spymemcached_ketama.ROW,
        pymemcache_rendezvous.ROW,
        memcached_jump.ROW,
        *memcached_ring.ROWS,
        modula.ROW,
        twemproxy_modula.ROW,
        random.ROW,
    )
}
DEFAULT = uhashring_ketama.ROW.name


def place(name: str, servers: Sequence[Server], hash_name: str | None = None, seed: str | None = None) -> Rule:
    """The rule of a placement for these servers; ConfigError says what it cannot do and what would do."""
    row = find(name)
    refuse_misfits(row, servers, hash_name, seed)
    return row.build(servers, Options(hash_name or (row.hashes[0] if row.hashes else ""), seed))


def find(name: str) -> Placement:
    """The row of this name."""
    row = PLACEMENTS.get(name)
    if row is None:
        raise ConfigError(f"placement {name!r} is unknown: choose one of {', '.join(PLACEMENTS)}")
    return row


def refuse_misfits(row: Placement, servers: Sequence[Server], hash_name: str | None, seed: str | None) -> None:
    """Refuses what the placement would silently ignore."""
    if hash_name is not None and hash_name not in row.hashes:
        choice = f"choose one of {', '.join(row.hashes)}" if row.hashes else "leave it out, it hashes keys its own way"
        raise ConfigError(f"hash {hash_name!r} does not go with placement {row.name!r}: {choice}")
    if seed is not None and not row.has_seed:
        seeded = ", ".join(name for name, other in PLACEMENTS.items() if other.has_seed)
        raise ConfigError(f"seed does not go with placement {row.name!r}, only with {seeded}: leave it out")
    heavy = next((server for server in servers if server.weight != 1), None)
    if heavy is not None and not row.has_weights:
        raise ConfigError(f"server {heavy.label!r}: placement {row.name!r} knows no weights: leave the weight out")


__all__ = ["DEFAULT", "PLACEMENTS", "Placement", "Rule", "find", "place", "refuse_misfits"]
