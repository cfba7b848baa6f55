"""What is measured of Redis mode with a log, beside redis-server in the same mode: a row a scenario."""

from typing import Any

from bench import durable, loading, typed
from bench.redis_scenarios import KEYS, PAIR, PIPELINE
from bench.scenario import Measure, Scenario

SET = {"words": ["SET", "__key__", "__value__"], "weight": 1.0}
GET = {"words": ["GET", "__key__"], "weight": 1.0}
SHAPE: dict[str, Any] = {"keys": KEYS, "key_bytes": 16, "value_bytes": {"kind": "fixed", "bytes": 32}}


def _row(name: str, title: str, measure: Measure, **fields: Any) -> Scenario:
    return Scenario(f"redis-{name}", f"Redis mode, {title}", measure, role="redis-mode", taking_part=PAIR, **fields)


def _logged(fsync: str) -> Scenario:
    return _row(
        f"{fsync}-16", f"SET pipelined by {PIPELINE}, appendfsync {fsync}", typed.measure,
        directives=("--appendonly", "yes", "--appendfsync", fsync), at_most={"redis-server": 0.85},
        settings={**SHAPE, "commands": [SET], "pipeline": PIPELINE},
    )  # fmt: skip


def _saving(name: str, title: str, order: str, fields: tuple[str, ...], *directives: str) -> Scenario:
    settings = {
        **SHAPE, "keys": durable.KEYS, "commands": [SET, GET], "rate": 5_000.0, "connections": 20, "order": order,
        "fields": fields,
    }  # fmt: skip
    return _row(
        name, f"1,000,000 keys, 5,000 requests/s: p99.9 {title} and without", durable.measure_saving,
        main="p999_growth", rounds=1, directives=directives, at_most={"p999_growth": 3.0}, settings=settings,
    )  # fmt: skip


def _loading(name: str, title: str, **fields: Any) -> Scenario:
    return _row(
        f"load-{name}", f"from the start to the first answer: {title}", loading.measure, main="start_seconds",
        stays=False, rounds=3, at_most={"redis-server": 1.0}, **fields,
    )  # fmt: skip


DURABLE_SCENARIOS = (
    _logged("everysec"),
    _logged("always"),
    _row("replica-16", f"SET pipelined by {PIPELINE}, one replica attached", durable.measure_replicated, rounds=3,
         at_most={"redis-server": 0.9}, settings={**SHAPE, "commands": [SET], "pipeline": PIPELINE}),
    _saving("saving", "while saving", "BGSAVE", ("rdb_bgsave_in_progress",)),
    _saving("rewriting", "while rewriting the log", "BGREWRITEAOF",
            ("aof_rewrite_in_progress", "aof_rewrite_scheduled"),
            "--appendonly", "yes", "--appendfsync", "everysec", "--auto-aof-rewrite-percentage", "0"),
    _loading("aof", "an append-only file", prepare=loading.write_log, directives=loading.LOGGED),
    _loading("rdb", "an RDB file", prepare=loading.write_rdb),
)  # fmt: skip
