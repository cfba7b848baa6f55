"""Memory: how many items a limit holds, and what the process really takes."""

from bench import generator
from bench.contest import Figures, Scene

MIB = 1 << 20


def measure(scene: Scene) -> Figures:
    """Sets every key once, then reads every key once."""
    before = scene.server.resident_bytes
    asked = {**scene.settings, "servers": [scene.server.address], "connections": 4}
    fill = generator.run(**asked, workload="fill", pipeline=64)
    scan = generator.run(**asked, workload="scan", keys_per_get=100, pipeline=2, verify=True)
    if scan["wrong"] or scan["errors"]:
        raise generator.GeneratorError(f"wrong values: {scan}")
    resident = scene.server.resident_bytes
    return {
        "readable": scan["hits"],
        "refused_sets": fill["errors"],
        "resident_mb": resident / MIB,
        "bytes_per_item": (resident - before) / max(1, scan["hits"]),
    }
