"""What is measured: a row a scenario. How a kind of scenario is measured stands in its own file."""

import dataclasses
from pathlib import Path
from typing import Any, NamedTuple

from bench import agreement, churn, idle, memory, slow, speed, start, traces
from bench.durable_scenarios import DURABLE_SCENARIOS
from bench.redis_scenarios import REDIS_SCENARIOS
from bench.scenario import Scenario

# Where the goal is near what is found, and rounds differ by more than that. Many short turns find a truer middle than
# few long ones: the machine's speed drifts over seconds.
CLOSE_ROUNDS = 9

_SPEED = {"keys": 20_000, "value_bytes": {"kind": "fixed", "bytes": 100}}


def _speed(name: str, title: str, **settings: Any) -> Scenario:
    fields = {one.name for one in dataclasses.fields(Scenario)}
    row = {key: settings.pop(key) for key in list(settings) if key in fields}
    row = {"measure": speed.measure, "has_floor": True, **row}
    return Scenario(name, title, settings={**_SPEED, **settings}, **row)


def _floor(pipeline: int) -> Scenario:
    """How many requests the generator can send and read the answers of, and how many a server can answer."""
    return _speed(
        f"generator-floor-{pipeline}",
        f"generator before the floor, and before every server, gets pipelined by {pipeline}",
        measure=speed.measure_capacity,
        # Not the rate: the floor may be slower than what it is to be asked by.
        main="requests_per_core",
        role="generator",
        taking_part=("floor", "memcluster", "memcached", "nutcracker"),
        pipeline=pipeline,
        at_least={"memcluster": 1.5, "memcached": 1.5, "nutcracker": 1.5},
    )


def _redis(name: str, title: str, **settings: Any) -> Scenario:
    """Two generators before the same server."""
    return Scenario(
        name,
        f"generator and redis-benchmark before the same redis-server, {title}, 50 connections",
        agreement.measure,
        main="counted",
        role="redis",
        taking_part=("memcluster bench", "redis-benchmark"),
        one_server=True,
        at_most={"redis-benchmark": 1.001},
        at_least={"redis-benchmark": 0.999},
        settings={**_SPEED, "key_bytes": 16, "pipeline": 1, "protocol": "resp", **settings},
    )


def _memory(value_bytes: int, keys: int = 1_500_000, **fields: Any) -> Scenario:
    return Scenario(
        f"memory-{value_bytes}",
        f"-m 64, {keys:,} sets of 23-byte keys with {value_bytes}-byte values: items readable, resident memory",
        memory.measure,
        memory_mb=64,
        stays=False,
        rounds=1,
        settings={"keys": keys, "key_bytes": 23, "value_bytes": {"kind": "fixed", "bytes": value_bytes}},
        **{"main": "readable", **fields},
    )


class KnownTrace(NamedTuple):
    """A published trace, by the first word of its file name."""

    median: float
    at_most: float
    tried: float


# Of the cache2k project. With these medians 64 MB hold a tenth of the first 500,000 accesses' values.
TRACES = {"orm-busy": KnownTrace(9_600, 0.74, 0.68), "web12": KnownTrace(28_800, 0.84, 0.77)}
BATCH = 16


def traced(file: str, median: float) -> list[Scenario]:
    """The rows of one trace file: access by access, and by a client that looks up many keys at once."""
    word = Path(file).name.split(".")[0]
    known = TRACES.get(word)
    row = Scenario(
        f"trace-{word}",
        f"-m 64, {word} cache-aside, one look-up after the other",
        traces.measure,
        main="miss_ratio",
        memory_mb=64,
        stays=False,
        rounds=1,
        at_most={"memcached": known.at_most} if known else {},
        tried={"memcached": known.tried} if known else {},
        settings={"file": file, "median": median, "pipeline": 1},
    )
    batched: dict[str, Any] = {
        "name": f"{row.name}-{BATCH}",
        "title": f"-m 64, {word} cache-aside, look-ups in batches of {BATCH}",
        "settings": {**row.settings, "pipeline": BATCH},
    }
    return [row, dataclasses.replace(row, **batched)]


def _drawn(name: str, title: str, scan: int) -> Scenario:
    settings = {"keys": 100_000, "exponent": 0.9, "scan": scan, "median": 2_000}
    about = "-m 64, cache-aside, 100,000 keys of about 2 KB"
    return Scenario(
        name,
        f"{about}: {title}",
        traces.measure_drawn,
        main="miss_ratio",
        memory_mb=64,
        stays=False,
        rounds=1,
        settings=settings,
    )


SCENARIOS = {
    row.name: row
    for row in (
        _speed("node-single", "node, single gets, 50 connections", rounds=CLOSE_ROUNDS, at_most={"floor": 1.03}),
        _speed(
            "node-pipelined-16",
            "node, gets pipelined by 16",
            pipeline=16,
            rounds=CLOSE_ROUNDS,
            at_most={"floor": 1.2},
        ),
        _speed("node-pipelined-64", "node, gets pipelined by 64", pipeline=64),
        _speed(
            "node-multiget-100", "node, gets of 100 keys, 20,000 items", keys_per_get=100, at_most={"memcached": 0.45}
        ),
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
            at_most={"memcached": 0.55},
        ),
        _speed(
            "node-5m-pipelined-16",
            "node, gets pipelined by 16, 5,000,000 items",
            keys=5_000_000,
            pipeline=16,
            memory_mb=2048,
            at_most={"memcached": 0.55},
        ),
        _speed("node-2000-connections", "node, single gets, 2,000 connections", connections=2_000),
        _speed(
            "node-1m-gets",
            "node, gets of 1 MiB values",
            keys=50,
            value_bytes={"kind": "fixed", "bytes": 1_048_576},
            item_size_max="2m",
        ),
        _speed(
            "node-mixed-sizes",
            "node, 9 gets to 1 set, values of 10 to 65,536 bytes",
            keys=5_000,
            set_share=0.1,
            value_bytes={"kind": "uniform", "min": 10, "max": 65_536},
            has_floor=False,
        ),
        _speed(
            "node-threads-2",
            "node on 2 threads, gets pipelined by 16, 200 connections",
            pipeline=16,
            connections=200,
            threads=2,
            also_single=True,
            rounds=CLOSE_ROUNDS,
            at_most={"memcluster -t 1": 1.15},
        ),
        # Heavy enough that the generator needs less than a third of what the server needs.
        _speed(
            "node-threads-2-throughput",
            "node on 2 threads, gets of 300 keys, 5,000,000 items of 10 bytes; processors kept busy",
            measure=speed.measure_cores,
            main="requests_per_second",
            keys=5_000_000,
            keys_per_get=300,
            value_bytes={"kind": "fixed", "bytes": 10},
            memory_mb=2048,
            threads=2,
            taking_part=("memcluster",),
            also_single=True,
            rounds=CLOSE_ROUNDS,
            at_least={"memcluster -t 1": 1.5},
        ),
        _speed(
            "proxy-single",
            "proxy before 2 nodes, single gets, 50 connections",
            role="proxy",
            rounds=CLOSE_ROUNDS,
            at_most={"nutcracker": 0.8},
        ),
        _speed(
            "proxy-pipelined-16",
            "proxy before 2 nodes, gets pipelined by 16",
            role="proxy",
            pipeline=16,
            rounds=CLOSE_ROUNDS,
            at_most={"nutcracker": 0.4},
        ),
        _speed(
            "proxy-multiget-100",
            "proxy before 2 nodes, gets of 100 keys",
            role="proxy",
            keys_per_get=100,
            at_most={"nutcracker": 0.5},
        ),
        _speed(
            "proxy-multiget-100-8", "proxy before 8 nodes, gets of 100 keys", role="proxy", nodes=8, keys_per_get=100
        ),
        _speed("proxy-sets", "proxy before 2 nodes, single sets", role="proxy", set_share=1.0),
        Scenario(
            "proxy-slow-node",
            "proxy before 8 nodes, one 50 ms slow: p99 of the others' keys, with and without",
            slow.measure,
            main="p99_growth",
            role="proxy",
            rounds=3,
            nodes=8,
            has_relay=True,
            at_most={"p99_growth": 1.2},
        ),
        # The floor speaks text.
        _speed("node-meta", "node, single gets in the meta protocol", protocol="meta", has_floor=False),
        _speed(
            "node-meta-16",
            "node, gets in the meta protocol, pipelined by 16",
            protocol="meta",
            pipeline=16,
            has_floor=False,
        ),
        _floor(16),
        _floor(64),
        _redis("generator-redis-benchmark", "single gets", requests=100_000),
        _redis("generator-redis-benchmark-16", "gets pipelined by 16", requests=700_000, pipeline=16),
        Scenario(
            "node-idle-connections",
            "node, 10,000 idle connections: resident memory each",
            idle.measure,
            main="bytes_per_connection",
            stays=False,
            rounds=1,
            settings={"connections": 10_000},
            at_most={"memcached": 1.0},
        ),
        _memory(10),
        Scenario(
            "memory-grown-54",
            "1,000,000 sets of 23-byte keys with 54-byte values, none evicted: resident memory grown by an item",
            memory.measure,
            main="bytes_per_item",
            stays=False,
            rounds=1,
            settings={"keys": 1_000_000, "key_bytes": 23, "value_bytes": {"kind": "fixed", "bytes": 54}},
            at_most={"memcached": 0.70},
        ),
        _memory(54),
        _memory(300),
        _memory(1000),
        _memory(10_000, keys=20_000),
        Scenario(
            "ttl-churn",
            "-m 64, 150,000 items of 300 bytes that live 1, 2 and 3 seconds, nobody reads; then as many that stay",
            churn.measure,
            main="back_seconds",
            memory_mb=64,
            stays=False,
            rounds=1,
            settings={
                "keys": 150_000,
                "key_bytes": 21,
                "value_bytes": {"kind": "fixed", "bytes": 300},
                "ttls_seconds": (1, 2, 3),
            },
            at_least={"readable": 150_000},
        ),
        _drawn("hits-zipf", "zipf 0.9", scan=0),
        _drawn("hits-scans", "zipf 0.9, and scans of 10,000 keys between", scan=10_000),
        Scenario(
            "start",
            "node, from the start to the first answer",
            start.measure,
            main="start_seconds",
            memory_mb=64,
            stays=False,
        ),
        Scenario(
            "up-start",
            "`memcluster up`, 3 nodes and a proxy: from the start to the first answer",
            start.first_answer,
            main="start_seconds",
            role="cluster",
            threads=2,
            memory_mb=64,
            stays=False,
            at_most={"start_seconds": 1.5},
        ),
        Scenario(
            "idle",
            "node, resident memory before the first item, -m 64",
            start.measure,
            main="resident_mb",
            memory_mb=64,
            stays=False,
            at_most={"resident_mb": 30.0},
        ),
        *REDIS_SCENARIOS,
        *DURABLE_SCENARIOS,
    )
}

# Every row with something to be reached, those of files that not everyone has included.
GOALS = [
    row
    for row in [
        *SCENARIOS.values(),
        *(row for word, known in TRACES.items() for row in traced(f"{word}.i32be.xz", known.median)),
    ]
    if row.at_most or row.at_least
]


def is_of_the_generator(name: str) -> bool:
    """What is measured there is the generator: it says nothing of how servers compare."""
    return name in SCENARIOS and SCENARIOS[name].role in {"generator", "redis"}
