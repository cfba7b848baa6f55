"""What is measured of Redis mode, beside redis-server: a row a scenario."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from bench import start, typed
from bench.scenario import Measure, Scenario

PAIR = ("memcluster", "redis-server")
BEFORE_REDIS = ("memcluster", "nutcracker", "direct")
KEYS = 20_000
PIPELINE = 16


def _row(name: str, title: str, measure: Measure, **fields: Any) -> Scenario:
    return Scenario(f"redis-{name}", f"Redis mode, {title}", measure, role="redis-mode", taking_part=PAIR, **fields)


def _commands(
    name: str, title: str, *commands: str, at_most: float = 1.0, pipeline: int = PIPELINE, filled: Sequence[Any] = ()
) -> Scenario:
    """Commands of one weight, asked over 50 connections."""
    settings: dict[str, Any] = {
        "commands": [{"words": text.split(), "weight": 1.0} for text in commands],
        "keys": filled[1] if filled else KEYS,
        "key_bytes": 16,
        "value_bytes": {"kind": "fixed", "bytes": 32},
        "pipeline": pipeline,
    }
    if filled:
        settings["filled"] = tuple(filled)
    piped = f", pipelined by {pipeline}" if pipeline > 1 else ", 50 connections"
    return _row(name, f"{title}{piped}", typed.measure, at_most={"redis-server": at_most}, settings=settings)


def _on_two_threads(name: str, title: str, command: str, filled: tuple[str, int], **fields: Any) -> Scenario:
    settings = {
        "commands": [{"words": command.split(), "weight": 1.0}],
        "keys": filled[1],
        "key_bytes": 16,
        "value_bytes": {"kind": "fixed", "bytes": 32},
        "pipeline": PIPELINE,
        "connections": 200,
        "filled": filled,
    }
    return Scenario(
        f"redis-{name}", f"Redis mode on 2 threads, {title}", role="redis-mode", threads=2, also_single=True,
        taking_part=("memcluster",), settings=settings, **fields,
    )  # fmt: skip


def _memory(name: str, title: str, kind: str, count: int, at_most: float) -> Scenario:
    fields: dict[str, Any] = {"main": "bytes_per_item", "stays": False, "rounds": 1}
    fields["at_most"] = {"redis-server": at_most}
    what = f"{count:,} {title}: resident memory grown by each"
    return _row(f"memory-{name}", what, typed.measure_memory, settings={"filled": (kind, count)}, **fields)


def _relayed(name: str, title: str, pipeline: int = 1) -> Scenario:
    """What the port of a group adds to what the node itself spends on a request."""
    asked = _commands(name, f"through a group's port, {title}", "GET __key__", pipeline=pipeline, filled=STRINGS)
    return dataclasses.replace(asked, role="relay", nodes=1, taking_part=BEFORE_REDIS, at_most={})


STRINGS = ("strings", KEYS)

REDIS_SCENARIOS = (
    _commands("get", "GET", "GET __key__", pipeline=1, filled=STRINGS),
    _commands("set", "SET", "SET __key__ __value__", pipeline=1),
    _commands("get-16", "GET", "GET __key__", at_most=0.75, filled=STRINGS),
    _commands("set-16", "SET", "SET __key__ __value__", at_most=0.75),
    _commands("lrange-16", "LRANGE of 100", "LRANGE list:__number__ 0 -1", filled=("lists", 2_000)),
    _commands("hgetall-16", "HGETALL of 20 fields", "HGETALL hash:__number__", filled=("hashes", KEYS)),
    _commands("zadd-16", "ZADD to 20,000 sorted sets", "ZADD zset:__number__ __number__ __key__"),
    _commands("incr-16", "INCR", "INCR counter:__number__"),
    _commands("push-pop-16", "LPUSH and RPOP", "LPUSH queue:__number__ __value__", "RPOP queue:__number__"),
    _commands("mget-16", "MGET of 100", "MGET" + " __key__" * 100, filled=STRINGS),
    _relayed("relay-get", "GET"),
    _relayed("relay-get-16", "GET", pipeline=PIPELINE),
    _on_two_threads("threads-2", "LRANGE of 100, pipelined by 16, 200 connections", "LRANGE list:__number__ 0 -1",
                    ("lists", 2_000), measure=typed.measure, at_most={"memcluster -t 1": 1.15}),
    # Heavy enough that the generator needs a small part of what the server needs: 1,000 elements compared, 10 answered.
    _on_two_threads("threads-2-throughput", "SORT of 1,000, pipelined by 16; processors kept busy",
                    "SORT list:__number__ ALPHA LIMIT 0 10", ("long lists", 500), measure=typed.measure_cores,
                    main="requests_per_second", at_least={"memcluster -t 1": 1.5}),
    _memory("strings", "16-byte keys with 32-byte values", "strings", 1_000_000, 0.85),
    _memory("hashes", "hashes of 20 small fields", "hashes", 100_000, 1.0),
    _memory("sorted-sets", "sorted sets of 20 members", "sorted sets", 100_000, 1.0),
    _row("idle", "resident memory before the first key", start.measure, main="resident_mb", stays=False,
         at_most={"resident_mb": 35.0}),
)  # fmt: skip
