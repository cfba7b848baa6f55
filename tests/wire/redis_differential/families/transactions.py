"""Transactions: commands of the other families stand between these, as they are drawn."""

from tests.wire.redis_differential.row import Row

TRANSACTIONS: tuple[Row, ...] = (
    Row("MULTI", weight=4),
    Row("EXEC", weight=4),
    Row("DISCARD", weight=1),
    Row("WATCH any...", weight=2),
    Row("UNWATCH", weight=1),
    Row("SET string value", weight=4),
    Row("GET string", weight=3),
    Row("INCR string", weight=3),
    Row("RPUSH list value...", weight=3),
    Row("LPOP list [count]", weight=2),
    Row("BLPOP list... 0.01", weight=1),
    Row("HSET hash (field value)...", weight=2),
    Row("ZADD zset (score member)...", weight=2),
    Row("ZRANGE zset index index [WITHSCORES]", weight=2),
    Row("DEL any...", weight=1),
    Row("SELECT (0|1)", weight=1),
    Row("NOSUCHCOMMAND any", weight=1),
    Row("GET", weight=1),
)
