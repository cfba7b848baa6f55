"""Redis mode with a log: what a write costs with a replica attached, and what clients feel of a save or a rewrite."""

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench import generator, speed, typed
from bench.contest import NODE_PROCESSORS, Figures, Scene
from bench.peers import REDIS_NODES, Need
from bench.processes import Process, free_port, wait_until
from memcluster.redis.client import Client

KEYS = 1_000_000
SYNC_SECONDS = 60.0
SAVE_SECONDS = 120.0
# A p99.9 at 5,000 requests a second wants thousands of them.
SECONDS_MIN = 3.0


def measure_replicated(scene: Scene) -> Figures:
    """The cost of commands while a redis-server follows: the same follower for every contender."""
    with tempfile.TemporaryDirectory(prefix="bench-replica-") as folder:
        need = Need(free_port(), Path(folder), directives=("--appendonly", "no"))
        command = REDIS_NODES["redis-server"].command(need)
        with Process(command, need.port, NODE_PROCESSORS), Client(f"127.0.0.1:{need.port}") as replica:
            replica.ask("REPLICAOF", "127.0.0.1", scene.server.port)
            wait_until(lambda: replica.info()["master_link_status"] == "up", "the replica to follow", SYNC_SECONDS)
            figures = typed.measure(scene)
            _refuse_if_behind(scene, replica)
            return figures


def _refuse_if_behind(scene: Scene, replica: Client) -> None:
    """Nothing was won by not replicating."""
    with Client(scene.server.address) as client:
        end = int(client.info()["master_repl_offset"])
    wait_until(lambda: int(replica.info()["slave_repl_offset"]) >= end, "the replica to have all", SYNC_SECONDS)


def measure_saving(scene: Scene) -> Figures:
    """The p99.9 at a fixed rate, without a save and while one runs after the other."""
    settings = dict(scene.settings)
    order, fields = settings.pop("order"), settings.pop("fields")
    asked = {**settings, "protocol": "resp", "servers": [scene.server.address], "warm_up_seconds": 0.5}
    seconds = max(scene.options.seconds, SECONDS_MIN)
    if scene.is_first:
        speed.fill(asked)
        _save(scene, order, fields)
    quiet = _p999_us(generator.run(**asked, seconds=seconds))
    with ThreadPoolExecutor(1) as pool:
        load = pool.submit(lambda: generator.run(**asked, seconds=seconds))
        saves = 0
        while not load.done():
            _save(scene, order, fields)
            saves += 1
        busy = _p999_us(load.result())
    return {"quiet_p999_us": quiet, "p999_us": busy, "p999_growth": busy / quiet, "saves": float(saves)}


def _save(scene: Scene, order: str, fields: Sequence[str]) -> None:
    """One save or rewrite, begun and awaited; a rewrite may be scheduled before it is in progress."""
    with Client(scene.server.address) as client:

        def is_idle() -> bool:
            said = client.info("persistence")
            return all(said.get(field, "0") == "0" for field in fields)

        wait_until(is_idle, f"what goes before {order}", SAVE_SECONDS)
        client.ask(order)
        wait_until(is_idle, order, SAVE_SECONDS)


def _p999_us(report: dict[str, Any]) -> float:
    typed.refuse_faults(report)
    most = max(report["operations"].values(), key=lambda operation: operation["requests"])
    p999_us: float = most["latency_us"]["p999"]
    return p999_us
