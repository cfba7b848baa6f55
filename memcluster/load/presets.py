"""Workloads shaped like real clusters: a row each, from published statistics, with the source.

Twitter's rows are those of the table that its authors publish with the traces: `stat/2020Mar.md` of the repository
twitter/cache-trace. Facebook's ETC is the model of section 5 of the paper, with the numbers that `mutilate` samples as
fb_key and fb_value; its 30 gets to a set are in the paper's abstract.

What the sources give as one number is that number here: a Twitter cluster's mean key and value size, its most common
time to live, the shares of its requests and the exponent of its popularity. Adds count as sets, gets-with-cas as gets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from memcluster.load import workload

ATIKOGLU = "Atikoglu et al., Workload analysis of a large-scale key-value store, SIGMETRICS 2012"
YANG = (
    "Yang, Yue, Rashmi, A large scale analysis of hundreds of in-memory cache clusters at Twitter, OSDI 2020; "
    "github.com/twitter/cache-trace, stat/2020Mar.md"
)

# Atikoglu et al., section 5: values of up to 14 bytes as counted, larger ones generalised Pareto.
ETC_SMALL_VALUES = (
    0.00536, 0.00047, 0.17820, 0.09239, 0.00018, 0.02740, 0.00065, 0.00606,
    0.00023, 0.00837, 0.00837, 0.08989, 0.00092, 0.00326, 0.01980,
)  # fmt: skip
ETC_VALUE_SCALE, ETC_VALUE_SHAPE = 214.476, 0.348238
ETC_STEPS = 200
# Key sizes there are generalised extreme values; where half of them are smaller.
ETC_KEY_LOCATION, ETC_KEY_SCALE, ETC_KEY_SHAPE = 30.7984, 8.20449, 0.078688
ETC_KEY_MEDIAN = round(ETC_KEY_LOCATION + ETC_KEY_SCALE * (math.log(2) ** -ETC_KEY_SHAPE - 1) / ETC_KEY_SHAPE)


@dataclass(frozen=True)
class Preset:
    """One workload, written as on the command line."""

    name: str
    what: str
    source: str
    key_size: int
    value_size: str
    ratio: str
    distribution: str
    ttl_seconds: int = 0

    def settings(self) -> dict[str, Any]:
        """As the generator wants it."""
        return {
            "key_bytes": self.key_size,
            "value_bytes": workload.value_size(self.value_size),
            "popularity": workload.distribution(self.distribution),
            "ttl_seconds": self.ttl_seconds,
            **workload.ratio(self.ratio),
        }


def _etc_values() -> str:
    """The distribution of ETC's value sizes as a table; the large ones by the middle of each of 200 equal shares."""
    rows = [(size, weight) for size, weight in enumerate(ETC_SMALL_VALUES)]
    rest = (1 - sum(ETC_SMALL_VALUES)) / ETC_STEPS
    for step in range(ETC_STEPS):
        above = 1 - (step + 0.5) / ETC_STEPS
        size = 15 + ETC_VALUE_SCALE * (above**-ETC_VALUE_SHAPE - 1) / ETC_VALUE_SHAPE
        rows.append((round(size), rest))
    return "table:" + ",".join(f"{size}={weight:.6f}" for size, weight in rows)


def _twitter(  # noqa: PLR0917
    number: int, what: str, key: int, value: int, ratio: str, alpha: float, ttl: int
) -> Preset:
    popularity = f"zipf:{alpha}" if alpha else "uniform"
    return Preset(f"twitter-{number}", what, f"{YANG}, cluster{number}", key, str(value), ratio, popularity, ttl)


HOUR, DAY = 3600, 86_400

PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            "facebook-etc",
            "Facebook's general pool: small values with a long tail, 30 gets to a set",
            f"{ATIKOGLU}, section 5; the skew is not given as one number there: zipf 0.99 stands in",
            ETC_KEY_MEDIAN,
            _etc_values(),
            "30:1",
            "zipf:0.99",
        ),
        Preset(
            "facebook-usr",
            "Facebook's user account status: 2-byte values, almost only reads",
            f"{ATIKOGLU}, section 3; the longer of its two key sizes; the skew is not given: zipf 0.99 stands in",
            21,
            "2",
            "998:2",
            "zipf:0.99",
        ),
        _twitter(2, "reads only, small values, strong skew", 21, 68, "1:0", 1.4908, 4 * DAY),
        _twitter(4, "reads of larger values that live a minute", 67, 2439, "93:7", 1.1004, 60),
        _twitter(7, "a sixth writes, 2 KB values", 17, 1936, "82:18", 1.0666, 6480),
        _twitter(8, "half writes, 9 KB values", 23, 9497, "50:50", 1.7366, 1380),
        _twitter(12, "mostly writes, each read hardly more than once", 44, 1030, "20:80", 0.3048, 300),
        _twitter(14, "reads, deletes and sets", 96, 414, "65:13:22", 1.2959, DAY),
        _twitter(18, "hot tiny values", 18, 37, "97:2", 2.0994, 12 * HOUR),
        _twitter(19, "a quarter writes, weak skew", 42, 101, "75:25", 0.735, 27_000),
        _twitter(25, "tiny values for a month", 49, 28, "97:4", 0.9929, 30 * DAY),
        _twitter(29, "the common case: 800-byte values for an hour", 36, 799, "86:13", 1.2323, HOUR),
        _twitter(31, "nearly only writes that expire in a minute", 41, 15, "6:94", 0, 60),
    )
}
