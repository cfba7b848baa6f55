"""One slow node among good ones: what the keys of the others feel of it, at a fixed rate with and without."""

import socket
import struct
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench import generator, relay
from bench.contest import Figures, Scene

KEYS = 20_000
KEY_BYTES = 23
LOOKED_UP_AT_ONCE = 100
# Few enough that two processors have room for proxy, nodes and generator: else p99 measures the scheduler.
NEIGHBOURS = {"rate": 4_000.0, "connections": 45}
# A slow node must be asked all the time, and less than it can answer.
OF_THE_SLOW = {"rate": 50.0, "connections": 5}
WARM_UP_SECONDS = 0.5
# A p99 at 4,000 requests a second wants some.
SECONDS_MIN = 1.5


def measure(scene: Scene) -> Figures:
    """Fills through the proxy, asks the slow node which keys it was given, and loads both kinds of keys at once."""
    assert scene.relay
    for node in scene.nodes:
        _ask(node, b"flush_all\r\n")
    shape: dict[str, Any] = {"servers": [scene.server.address], "keys": KEYS, "key_bytes": KEY_BYTES}
    generator.run(**shape, workload="fill", pipeline=64, connections=4)
    slow = _held(scene.nodes[-1])
    with tempfile.TemporaryDirectory(prefix="bench-keys-") as folder:
        files = [Path(folder) / "slow", Path(folder) / "others"]
        files[0].write_bytes(struct.pack(f">{len(slow)}I", *sorted(slow)))
        others = [key for key in range(KEYS) if key not in slow]
        files[1].write_bytes(struct.pack(f">{len(others)}I", *others))
        seconds = max(SECONDS_MIN, scene.options.seconds)
        shape |= {"seconds": seconds, "warm_up_seconds": WARM_UP_SECONDS}
        loads = [
            {**shape, **load, "popularity": {"kind": "recorded", "file": str(file)}}
            for load, file in zip((OF_THE_SLOW, NEIGHBOURS), files, strict=True)
        ]
        quick_p99_us = _p99_us(loads)
        scene.relay.signal(relay.SLOW)
        try:
            slow_p99_us = _p99_us(loads)
        finally:
            scene.relay.signal(relay.QUICK)
    return {"quick_p99_us": quick_p99_us, "p99_us": slow_p99_us, "p99_growth": slow_p99_us / quick_p99_us}


def _p99_us(loads: list[dict[str, Any]]) -> float:
    """The neighbours' p99 while both loads run."""
    with ThreadPoolExecutor(len(loads)) as pool:
        reports = list(pool.map(lambda load: generator.run(**load), loads))
    for report in reports:
        if report["hits"] != report["keys"] or report["errors"]:
            raise generator.GeneratorError(f"not all was answered as it should be: {report}")
    p99_us: float = reports[1]["operations"]["get"]["latency_us"]["p99"]
    return p99_us


def _held(node: str) -> set[int]:
    """The numbers of the keys that a node holds."""
    names = [b"key:%0*d" % (KEY_BYTES - 4, key) for key in range(KEYS)]
    answers = [
        _ask(node, b"get " + b" ".join(names[first : first + LOOKED_UP_AT_ONCE]) + b"\r\n")
        for first in range(0, KEYS, LOOKED_UP_AT_ONCE)
    ]
    lines = [line for answer in answers for line in answer.split(b"\r\n") if line.startswith(b"VALUE key:")]
    return {int(line.split()[1][4:]) for line in lines}


def _ask(node: str, request: bytes) -> bytes:
    host, _, port = node.rpartition(":")
    answer = b""
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(request)
        while not answer.endswith((b"END\r\n", b"OK\r\n")):
            received = connection.recv(1 << 20)
            if not received:
                raise generator.GeneratorError(f"{node} closed the connection")
            answer += received
    return answer
