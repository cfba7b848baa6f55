"""How many digests a weight is worth where C computes it in `float`, every step rounded to 24 bits.

twemproxy 0.5 and libmemcached 1.x compute `floorf(weight / total * 160 / 4 * servers + 1e-10)`, so that 25, 47, 50 …
servers of equal weight get 39 digests and not 40. Rounding a double to single after each step gives the same
bits, because 53 bits are more than twice 24 plus two.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

DIGESTS = 40


def digests(weights: Sequence[int]) -> list[int]:
    """Digests (four points each) for each server."""
    total = _single(float(sum(weights)))
    return [_digests(weight, total, len(weights)) for weight in weights]


def _digests(weight: int, total: float, servers: int) -> int:
    share = _single(_single(float(weight)) / total)
    points = _single(_single(share * 4 * DIGESTS) / 4)
    return int(_single(_single(points * servers) + 1e-10))


def _single(number: float) -> float:
    rounded: float = struct.unpack("f", struct.pack("f", number))[0]
    return rounded
