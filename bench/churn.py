"""Short-lived items: whether the room they took comes back without anybody reading them, how soon, of what use it is.

Counted from the last set. Lives are whole seconds of the server's clock: three seconds are two to four.
"""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench import generator, memory
from bench.contest import Figures, Scene

# How long the room may take to come back after the last item expired.
WAIT_SECONDS_MAX = 4.0
BACK_SHARE = 0.95
LOOK_SECONDS = 0.05


def measure(scene: Scene) -> Figures:
    """Fills with items of all times to live at once, waits, and fills again with items that stay."""
    asked = {"servers": [scene.server.address], "value_bytes": scene.settings["value_bytes"]}
    share = scene.settings["keys"] // len(scene.settings["ttls_seconds"])
    # A number has another name in each of them, so all keys differ.
    fills = [
        {**asked, "keys": share, "key_bytes": scene.settings["key_bytes"] + index, "ttl_seconds": ttl}
        for index, ttl in enumerate(scene.settings["ttls_seconds"])
    ]
    with ThreadPoolExecutor(len(fills)) as pool:
        list(pool.map(lambda fill: generator.run(**fill, workload="fill", pipeline=64, connections=1), fills))
    filled, filled_at = items(scene.server.port), time.monotonic()
    left, back_at = _wait(scene, filled, filled_at + max(scene.settings["ttls_seconds"]) + WAIT_SECONDS_MAX)
    resident_mb = scene.server.resident_bytes / memory.MIB
    stay: dict[str, Any] = {"keys": scene.settings["keys"], "key_bytes": scene.settings["key_bytes"] - 1}
    again = memory.fill_and_scan({**asked, **stay})
    return {
        "filled": filled,
        "left": left,
        "back_seconds": back_at - filled_at,
        "readable": again["hits"],
        "resident_mb": resident_mb,
    }


def _wait(scene: Scene, filled: int, deadline: float) -> tuple[int, float]:
    """Until so much of the room is back, or the deadline; the items left, and when that was."""
    while True:
        left, now = items(scene.server.port), time.monotonic()
        if left <= filled * (1 - BACK_SHARE) or now > deadline:
            return left, now
        time.sleep(LOOK_SECONDS)


def items(port: int) -> int:
    """How many items the server says it holds."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection, connection.makefile("rwb") as lines:
        lines.write(b"stats\r\n")
        lines.flush()
        for line in lines:
            match line.split():
                case [b"STAT", b"curr_items", count]:
                    return int(count)
                case [b"END"]:
                    break
    raise generator.GeneratorError(f"the server on port {port} tells no curr_items")
