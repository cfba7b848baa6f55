"""HyperLogLogs."""

from tests.wire.redis_differential.row import Row

HYPERLOGLOG: tuple[Row, ...] = (
    Row("PFADD hll member...", weight=6),
    Row("PFADD hll value...", weight=2),
    Row("PFADD hll", weight=1),
    Row("PFCOUNT hll", weight=4),
    Row("PFCOUNT hll hll...", weight=2),
    Row("PFMERGE hll hll...", weight=2),
    Row("PFMERGE hll", weight=1),
    Row("GET hll", weight=1),
    Row("STRLEN hll", weight=1),
    Row("SETRANGE hll start value", weight=1),
    Row("SET hll value", weight=1),
    Row("DEL hll", weight=1),
)
