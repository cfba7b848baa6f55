"""Agreement: another generator asks the same server the same, and both should find the same."""

import csv
import subprocess
from typing import Any

from bench import generator, speed
from bench.contest import Figures, Scene
from bench.generator import GENERATOR_PROCESSORS, GeneratorError
from bench.processes import pinned

CONNECTIONS = 50


def measure(scene: Scene) -> Figures:
    """The scene's name is the generator's."""
    asked = {**scene.settings, "servers": [scene.server.address], "connections": CONNECTIONS}
    asked["requests"] = round(asked["requests"] * scene.options.seconds)
    if scene.is_first:
        speed.fill(asked)
    before = scene.server.cpu_ns
    rate = _redis_benchmark(scene.server.port, asked) if scene.name == "redis-benchmark" else _ours(asked)
    return {"cpu_ns": (scene.server.cpu_ns - before) / asked["requests"], "requests_per_second": rate}


def _ours(asked: dict[str, Any]) -> float:
    report = generator.run(**asked)
    speed.check(report)
    rate: float = report["requests_per_second"]
    return rate


def _redis_benchmark(port: int, asked: dict[str, Any]) -> float:
    """It asks for `key:` and twelve digits, as ours does where keys have 16 bytes."""
    flags = {"-c": CONNECTIONS, "-n": asked["requests"], "-r": asked["keys"], "-P": asked["pipeline"], "-t": "get"}
    words = [str(word) for flag in flags.items() for word in flag]
    with pinned(GENERATOR_PROCESSORS):
        said = subprocess.run(
            ["redis-benchmark", "-p", str(port), *words, "--csv"], capture_output=True, text=True, check=False
        )
    for line in csv.reader(said.stdout.splitlines()):
        if line[:1] == ["GET"]:
            return float(line[1])
    raise GeneratorError(f"redis-benchmark tells no rate: {said.stdout[-1000:]} {said.stderr[-1000:]}")
