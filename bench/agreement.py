"""Agreement: another generator asks the same server the same.

What each says that it asked is what the server says that it served. What a request costs the server differs a little
with how many requests a generator's loop sends at a time.
"""

import csv
import re
import socket
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
    before, served_before = scene.server.cpu_ns, _served(scene.server.port)
    rate = _redis_benchmark(scene.server.port, asked) if scene.name == "redis-benchmark" else _ours(asked)
    return {
        "cpu_ns": (scene.server.cpu_ns - before) / asked["requests"],
        "requests_per_second": rate,
        "counted": (_served(scene.server.port) - served_before) / asked["requests"],
    }


def _served(port: int) -> int:
    """Gets that the server says it has served."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection, connection.makefile("rb") as lines:
        connection.sendall(b"INFO commandstats\r\n")
        text = lines.read(int(lines.readline()[1:])).decode()
    found = re.search(r"^cmdstat_get:calls=(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 0


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
