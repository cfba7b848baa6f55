"""Traces: how many recorded or drawn accesses miss, cache-aside.

Recorded are key numbers, big-endian 32 bits each. Two traces are known by name and have something to reach, `orm-busy`
and `web12`. The cache2k project publishes them (github.com/cache2k/cache2k-benchmark, in traces/; given by headissue
GmbH, CC BY 4.0) as trace-mt-db-20160419-busy.trc.bin.bz2 and trace-mt-20121220.trc.bin.gz. Give the files these names
up to their first dot: `--trace orm-busy.bz2=9600 --trace web12.gz=28800`.
"""

import bz2
import gzip
import itertools
import lzma
import random
import struct
import tempfile
from pathlib import Path

from bench import generator
from bench.contest import SERVER_PROCESSORS, Figures, Scene
from bench.generator import GENERATOR_PROCESSORS

UNPACKED_BY = {".xz": lzma.decompress, ".bz2": bz2.decompress, ".gz": gzip.decompress}
VALUE_BYTES_MIN, VALUE_BYTES_MAX = 32, 900_000
# Drawn accesses are independent of each other: so many at once make the replay ten times as fast.
DRAWN_PIPELINE = 64


def measure(scene: Scene) -> Figures:
    """Replays the trace that the settings name."""
    return _replay(scene, accesses(Path(scene.settings["file"])), scene.settings["pipeline"])


def measure_drawn(scene: Scene) -> Figures:
    """Replays accesses drawn as the settings say, the same for all."""
    keys = drawn(scene.settings["keys"], scene.settings["exponent"], scene.options.accesses, scene.settings["scan"])
    return _replay(scene, struct.pack(f">{len(keys)}I", *keys), DRAWN_PIPELINE)


def drawn(count: int, exponent: float, accesses_: int, scan: int) -> list[int]:
    """Zipf-distributed keys below `count`; after every four times `scan` of them, a scan of so many keys never seen."""
    weights = list(itertools.accumulate(rank**-exponent for rank in range(1, count + 1)))
    keys = random.Random(1).choices(range(count), cum_weights=weights, k=accesses_)
    if not scan:
        return keys
    mixed: list[int] = []
    for first in range(0, accesses_, 5 * scan):
        begin = count + first
        mixed += [*keys[first : first + 4 * scan], *range(begin, begin + scan)]
    return mixed[:accesses_]


# Look-ups one after the other run on the server's processor: two that wait for each other sleep on two, and take four
# times as long.
def _replay(scene: Scene, numbers: bytes, pipeline: int) -> Figures:
    with tempfile.TemporaryDirectory(prefix="bench-trace-") as folder:
        plain = Path(folder) / "accesses"
        plain.write_bytes(numbers)
        sizes = {"kind": "lognormal", "median": scene.settings["median"], "sigma": 1.0}
        before = scene.server.cpu_ns
        report = generator.replay(
            GENERATOR_PROCESSORS if pipeline > 1 else SERVER_PROCESSORS,
            server=scene.server.address,
            file=str(plain),
            accesses=scene.options.accesses,
            pipeline=pipeline,
            value_bytes={**sizes, "min": VALUE_BYTES_MIN, "max": VALUE_BYTES_MAX},
        )
    if report["wrong"]:
        raise generator.GeneratorError(f"wrong values: {report}")
    return {
        "miss_ratio": report["miss_ratio"],
        "errors": report["errors"],
        "cpu_ns": (scene.server.cpu_ns - before) / report["accesses"],
        "resident_mb": scene.server.resident_bytes / (1 << 20),
        "seconds": report["seconds"],
    }


def accesses(path: Path) -> bytes:
    """The file's bytes, decompressed if its name says so."""
    unpack = UNPACKED_BY.get(path.suffix)
    return unpack(path.read_bytes()) if unpack else path.read_bytes()
