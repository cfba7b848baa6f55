"""Hashes."""

from tests.wire.redis_differential.row import Order, Row

HASHES: tuple[Row, ...] = (
    Row("HSET hash (field value)...", weight=8),
    Row("HMSET hash (field value)..."),
    Row("HSETNX hash field value"),
    Row("HGET hash field", weight=3),
    Row("HMGET hash field..."),
    Row("HGETALL hash", weight=4, order=Order.PAIRS),
    Row("HKEYS hash", order=Order.ANY),
    Row("HVALS hash", order=Order.ANY),
    Row("HLEN hash"),
    Row("HSTRLEN hash field"),
    Row("HEXISTS hash field"),
    Row("HDEL hash field...", weight=3),
    Row("HINCRBY hash field integer", weight=3),
    Row("HINCRBYFLOAT hash field float", weight=3),
    Row("HRANDFIELD hash [draws [WITHVALUES]]", order=Order.RANDOM, alone=True),
    Row("HSCAN hash cursor [MATCH pattern] [COUNT count]", order=Order.SCAN),
    Row("OBJECT ENCODING hash"),
    Row("DEL hash", weight=1),
)
