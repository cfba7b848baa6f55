"""Memory: how many items a limit holds, and what the process really takes."""

from typing import Any

from bench import generator
from bench.contest import Figures, Scene

MIB = 1 << 20


def measure(scene: Scene) -> Figures:
    """Sets every key once, then reads every key once."""
    before = scene.server.resident_bytes
    scan = fill_and_scan({**scene.settings, "servers": [scene.server.address]})
    resident = scene.server.resident_bytes
    return {
        "readable": scan["hits"],
        "refused_sets": scan["refused"],
        "resident_mb": resident / MIB,
        "bytes_per_item": (resident - before) / max(1, scan["hits"]),
    }


def fill_and_scan(asked: dict[str, Any]) -> dict[str, Any]:
    """Sets every key once, then reads every key once; the report of the reading, with the refused sets."""
    fill = generator.run(**asked, connections=4, workload="fill", pipeline=64)
    scan = generator.run(**asked, connections=4, workload="scan", keys_per_get=100, pipeline=2, verify=True)
    if scan["wrong"] or scan["errors"]:
        raise generator.GeneratorError(f"wrong values: {scan}")
    return {**scan, "refused": fill["errors"]}
