"""Speed: what a request costs the server, how many it answers, how long they take."""

from bench import generator
from bench.contest import Figures, Scene


def measure(scene: Scene) -> Figures:
    """One run against a server that holds all keys."""
    servers = [scene.server.address]
    asked = {**scene.settings, "servers": servers}
    if scene.is_first:
        keys = {name: asked[name] for name in ("keys", "value_bytes", "key_bytes") if name in asked}
        generator.run(**keys, servers=servers, workload="fill", pipeline=64, connections=4)
        generator.run(**asked, seconds=0.5)
    before = scene.server.cpu_ns
    report = generator.run(**asked, seconds=scene.options.seconds)
    spent = scene.server.cpu_ns - before
    faults = sum(report[name] for name in ("errors", "wrong", "stray", "unanswered", "connections_lost"))
    if faults or report["hits"] != report["keys"]:
        raise generator.GeneratorError(f"not all was answered as it should be: {report}")
    latency = max(report["operations"].values(), key=lambda operation: operation["requests"])["latency_us"]
    return {
        "cpu_ns": spent / report["requests"],
        "generator_cpu_ns": report["generator_cpu_ns"] / report["requests"],
        "requests_per_second": report["requests_per_second"],
        "p50_us": latency["p50"],
        "p99_us": latency["p99"],
        "p999_us": latency["p999"],
    }
