"""Speed: what a request costs the server, how many it answers, how long they take."""

from collections.abc import Mapping
from typing import Any

from bench import generator
from bench.contest import Figures, Scene

WARM_UP_SECONDS = 0.3
FILL_SETTINGS = ("servers", "protocol", "keys", "value_bytes", "key_bytes")
CORES = ("server_cores", "generator_cores")


def measure(scene: Scene) -> Figures:
    """One run against a server that holds all keys."""
    figures = measure_cores(scene)
    return {name: figure for name, figure in figures.items() if name not in CORES}


def measure_cores(scene: Scene) -> Figures:
    """The same, with how many processors the server and the generator kept busy: who had room left."""
    servers = [scene.server.address]
    asked = {**scene.settings, "servers": servers}
    if scene.is_first:
        if scene.name != "floor":
            fill(asked)
        generator.run(scene.asking, **asked, seconds=WARM_UP_SECONDS)
    before = scene.server.cpu_ns
    report = generator.run(scene.asking, **asked, seconds=scene.options.seconds)
    spent = scene.server.cpu_ns - before
    check(report)
    latency = max(report["operations"].values(), key=lambda operation: operation["requests"])["latency_us"]
    return {
        "cpu_ns": spent / report["requests"],
        "generator_cpu_ns": report["generator_cpu_ns"] / report["requests"],
        "requests_per_second": report["requests_per_second"],
        "p50_us": latency["p50"],
        "p99_us": latency["p99"],
        "p999_us": latency["p999"],
        "server_cores": spent / report["seconds"] / 1e9,
        "generator_cores": report["generator_cpu_ns"] / report["seconds"] / 1e9,
    }


def measure_capacity(scene: Scene) -> Figures:
    """The same, with what a processor does: the generator's before the floor, else the server's."""
    figures = measure_cores(scene)
    spent = figures["generator_cpu_ns" if scene.name == "floor" else "cpu_ns"]
    return {**figures, "requests_per_core": 1e9 / spent}


def fill(asked: Mapping[str, Any]) -> None:
    """Sets every key of a mix once."""
    keys = {name: asked[name] for name in FILL_SETTINGS if name in asked}
    generator.run(**keys, workload="fill", pipeline=64, connections=4)


def check(report: Mapping[str, Any]) -> None:
    """Everything was found, and nothing was answered as it should not be."""
    faults = sum(report[name] for name in ("errors", "wrong", "stray", "unanswered", "connections_lost"))
    if faults or report["hits"] != report["keys"]:
        raise generator.GeneratorError(f"not all was answered as it should be: {report}")
