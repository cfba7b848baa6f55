"""`random`: like twemproxy 0.5, `distribution: random`: any server, drawn anew for each request.

For pools whose servers all hold the same (each fills itself on a miss). twemproxy gives a server one slot whatever it
weighs; so does this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from memcluster.proxy.placement.contract import Options, Placement
from memcluster.proxy.placement.rules import Random

if TYPE_CHECKING:
    from collections.abc import Sequence

    from memcluster.proxy.server import Server


def build(servers: Sequence[Server], _: Options) -> Random:
    """A slot a server."""
    return Random(tuple(range(len(servers))))


ROW = Placement("random", "twemproxy 0.5, distribution: random", build, has_weights=False, is_consistent=False)
