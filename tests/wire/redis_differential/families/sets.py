"""Sets."""

from tests.wire.redis_differential.row import Order, Row

SETS: tuple[Row, ...] = (
    Row("SADD set member...", weight=8),
    Row("SADD set integer...", weight=2),
    Row("SREM set member...", weight=4),
    Row("SCARD set"),
    Row("SISMEMBER set member"),
    Row("SMISMEMBER set member..."),
    Row("SMEMBERS set", weight=4, order=Order.ANY),
    Row("SMOVE set set member"),
    Row("SPOP set [count]", order=Order.RANDOM, settles="DEL {key}", alone=True),
    Row("SRANDMEMBER set [draws]", order=Order.RANDOM, alone=True),
    Row("SINTER set...", order=Order.ANY),
    Row("SUNION set...", order=Order.ANY),
    Row("SDIFF set...", order=Order.ANY),
    Row("SINTERSTORE set set..."),
    Row("SUNIONSTORE set set..."),
    Row("SDIFFSTORE set set..."),
    Row("SINTERCARD 1 set [LIMIT count]"),
    Row("SINTERCARD 2 set set [LIMIT count]"),
    Row("SINTERCARD count set... [LIMIT count]", weight=1),
    Row("SSCAN set cursor [MATCH pattern] [COUNT count]", order=Order.SCAN),
    Row("OBJECT ENCODING set"),
    Row("DEL set", weight=1),
)
