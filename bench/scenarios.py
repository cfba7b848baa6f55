"""What is measured: a row a scenario. How a kind of scenario is measured stands in its own file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench import memory, speed, start, traces
from bench.contest import Figures, Scene

Measure = Callable[[Scene], Figures]


@dataclass(frozen=True)
class Scenario:
    """One row."""

    name: str
    title: str
    measure: Measure
    # The figure that the ratio is made of.
    main: str = "cpu_ns"
    role: str = "node"
    threads: int = 1
    # Ours with one thread takes part too.
    also_single: bool = False
    memory_mb: int = 1024
    # All contenders run at once and are measured in turns; else each round starts them anew.
    stays: bool = True
    rounds: int | None = None
    # A server with no store can take part: what is measured is time.
    has_floor: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)


_SPEED = {"keys": 20_000, "value_bytes": {"kind": "fixed", "bytes": 100}}


def _speed(name: str, title: str, **settings: Any) -> Scenario:
    row = {key: settings.pop(key) for key in ("role", "threads", "also_single", "memory_mb") if key in settings}
    return Scenario(name, title, speed.measure, has_floor=True, settings={**_SPEED, **settings}, **row)


def _memory(value_bytes: int) -> Scenario:
    return Scenario(
        f"memory-{value_bytes}",
        f"-m 64, 1,500,000 sets of 23-byte keys with {value_bytes}-byte values: items readable, resident memory",
        memory.measure,
        main="readable",
        memory_mb=64,
        stays=False,
        rounds=1,
        settings={"keys": 1_500_000, "key_bytes": 23, "value_bytes": {"kind": "fixed", "bytes": value_bytes}},
    )


SCENARIOS = {
    row.name: row
    for row in (
        _speed("node-single", "node, single gets, 50 connections"),
        _speed("node-pipelined-16", "node, gets pipelined by 16", pipeline=16),
        _speed("node-pipelined-64", "node, gets pipelined by 64", pipeline=64),
        _speed("node-multiget-100", "node, gets of 100 keys, 20,000 items", keys_per_get=100),
        _speed("node-sets", "node, single sets", set_share=1.0),
        _speed("node-sets-pipelined-16", "node, sets pipelined by 16", set_share=1.0, pipeline=16),
        _speed(
            "node-16k-gets", "node, gets of 16 KiB values", keys=2_000, value_bytes={"kind": "fixed", "bytes": 16_384}
        ),
        _speed(
            "node-16k-sets",
            "node, sets of 16 KiB values",
            keys=2_000,
            set_share=1.0,
            value_bytes={"kind": "fixed", "bytes": 16_384},
        ),
        _speed(
            "node-512k-gets", "node, gets of 512 KiB values", keys=100, value_bytes={"kind": "fixed", "bytes": 524_288}
        ),
        _speed(
            "node-mixed",
            "node, 9 gets to 1 set, zipf 0.99",
            set_share=0.1,
            popularity={"kind": "zipf", "exponent": 0.99},
        ),
        _speed(
            "node-5m-multiget-100",
            "node, gets of 100 keys, 5,000,000 items",
            keys=5_000_000,
            keys_per_get=100,
            memory_mb=2048,
        ),
        _speed(
            "node-5m-pipelined-16",
            "node, gets pipelined by 16, 5,000,000 items",
            keys=5_000_000,
            pipeline=16,
            memory_mb=2048,
        ),
        _speed("node-threads-2", "node on 2 threads, gets pipelined by 16", pipeline=16, threads=2, also_single=True),
        _speed("proxy-single", "proxy before 2 nodes, single gets, 50 connections", role="proxy"),
        _speed("proxy-pipelined-16", "proxy before 2 nodes, gets pipelined by 16", role="proxy", pipeline=16),
        _speed("proxy-multiget-100", "proxy before 2 nodes, gets of 100 keys", role="proxy", keys_per_get=100),
        _speed("proxy-sets", "proxy before 2 nodes, single sets", role="proxy", set_share=1.0),
        _memory(54),
        _memory(300),
        _memory(1000),
        Scenario(
            "trace",
            "-m 64, recorded accesses cache-aside",
            traces.measure,
            main="miss_ratio",
            memory_mb=64,
            stays=False,
            rounds=1,
        ),
        Scenario(
            "start",
            "from the start to the first answer",
            start.measure,
            main="start_seconds",
            memory_mb=64,
            stays=False,
        ),
        Scenario(
            "idle",
            "resident memory before the first item, -m 64",
            start.measure,
            main="resident_mb",
            memory_mb=64,
            stays=False,
        ),
    )
}
