"""Redis mode: what a command over typed data costs the server, and what typed data take of its memory.

What is asked about is filled in here, by its own few lines of RESP; the load generator asks.
"""

import itertools
import socket
from collections.abc import Iterable, Iterator
from typing import Any

from bench import generator, speed
from bench.contest import Figures, Scene

BATCH = 500
ANSWER_SECONDS = 60.0
FIELDS, MEMBERS, ELEMENTS = 20, 20, 100

Words = tuple[str, ...]


def lists(count: int) -> Iterator[Words]:
    """Lists of 100 elements."""
    for number in range(count):
        yield ("RPUSH", f"list:{number}", *(f"element-{place:04}" for place in range(ELEMENTS)))


def long_lists(count: int) -> Iterator[Words]:
    """Lists of 1,000 elements in no order."""
    for number in range(count):
        yield ("RPUSH", f"list:{number}", *(f"element-{place * 617 % 1000:04}" for place in range(1000)))


def hashes(count: int) -> Iterator[Words]:
    """Hashes of 20 small fields."""
    for number in range(count):
        pairs = ((f"field{place:02}", f"value{place:05}") for place in range(FIELDS))
        yield ("HSET", f"hash:{number}", *itertools.chain.from_iterable(pairs))


def sorted_sets(count: int) -> Iterator[Words]:
    """Sorted sets of 20 members."""
    for number in range(count):
        pairs = ((str(number * 31 % 1000 + place), f"member:{place:05}") for place in range(MEMBERS))
        yield ("ZADD", f"zset:{number}", *itertools.chain.from_iterable(pairs))


def strings(count: int) -> Iterator[Words]:
    """Keys of 16 bytes with values of 32."""
    for number in range(count):
        yield ("SET", f"key:{number:012}", f"{number:032}")


KINDS = {"lists": lists, "long lists": long_lists, "hashes": hashes, "sorted sets": sorted_sets, "strings": strings}


def measure(scene: Scene) -> Figures:
    """One run of commands against a server that holds what they ask for."""
    figures = measure_cores(scene)
    return {name: figure for name, figure in figures.items() if name not in speed.CORES}


def measure_cores(scene: Scene) -> Figures:
    """The same, with how many processors the server and the generator kept busy."""
    settings = dict(scene.settings)
    kind, count = settings.pop("filled", (None, 0))
    asked = {**settings, "protocol": "resp", "servers": [scene.server.address]}
    if scene.is_first:
        if kind:
            fill(scene.server.port, KINDS[kind](count))
        generator.run(scene.asking, **asked, seconds=speed.WARM_UP_SECONDS)
    before = scene.server.cpu_ns
    report = generator.run(scene.asking, **asked, seconds=scene.options.seconds)
    spent = scene.server.cpu_ns - before
    refuse_faults(report)
    return {
        "cpu_ns": spent / report["requests"],
        "generator_cpu_ns": report["generator_cpu_ns"] / report["requests"],
        "requests_per_second": report["requests_per_second"],
        "server_cores": spent / report["seconds"] / 1e9,
        "generator_cores": report["generator_cpu_ns"] / report["seconds"] / 1e9,
    }


def measure_memory(scene: Scene) -> Figures:
    """How much resident memory the keys of one kind take."""
    kind, count = scene.settings["filled"]
    before = scene.server.resident_bytes
    fill(scene.server.port, KINDS[kind](count))
    return {
        "bytes_per_item": (scene.server.resident_bytes - before) / count,
        "resident_mb": scene.server.resident_bytes / (1 << 20),
    }


def refuse_faults(report: dict[str, Any]) -> None:
    """Nothing was answered with an error or not at all."""
    if sum(report[name] for name in ("errors", "wrong", "stray", "unanswered", "connections_lost")):
        raise generator.GeneratorError(f"not all was answered as it should be: {report}")


def fill(port: int, commands: Iterable[Words]) -> None:
    """Sends commands, some hundreds at a time; each is answered by one line that is no error."""
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS) as connection:
        answers = connection.makefile("rb")
        remaining = iter(commands)
        while batch := list(itertools.islice(remaining, BATCH)):
            connection.sendall(b"".join(map(encode, batch)))
            for words in batch:
                if not (answer := answers.readline()).startswith((b"+", b":")):
                    raise generator.GeneratorError(f"{' '.join(words)[:100]}: {answer!r}")


def encode(words: Words) -> bytes:
    """One request."""
    encoded = [word.encode() for word in words]
    return b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in encoded)
