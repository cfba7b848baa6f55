"""Traces: how many recorded accesses miss, cache-aside."""

import lzma
import tempfile
from pathlib import Path

from bench import generator
from bench.contest import Figures, Scene

VALUE_BYTES_MIN, VALUE_BYTES_MAX = 32, 900_000


def measure(scene: Scene) -> Figures:
    """Replays the trace that the settings name."""
    with tempfile.TemporaryDirectory(prefix="bench-trace-") as folder:
        plain = Path(folder) / "accesses"
        plain.write_bytes(accesses(Path(scene.settings["file"])))
        sizes = {"kind": "lognormal", "median": scene.settings["median"], "sigma": 1.0}
        before = scene.server.cpu_ns
        report = generator.replay(
            server=scene.server.address,
            file=str(plain),
            accesses=scene.options.accesses,
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
    """Key numbers, big-endian 32 bits each; a file whose name ends in .xz is decompressed."""
    return lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
