"""Strings."""

from tests.wire.redis_differential.row import Order, Row

STRINGS: tuple[Row, ...] = (
    Row("SET string value [NX|XX] [GET] [EX seconds|PX milliseconds|EXAT time|PXAT time_ms|KEEPTTL]", weight=8),
    Row("SET string value", weight=4),
    Row("GET string", weight=6),
    Row("GETSET string value"),
    Row("GETDEL string"),
    Row("GETEX string [EX seconds|PX milliseconds|EXAT time|PXAT time_ms|PERSIST]"),
    Row("SETNX string value"),
    Row("SETEX string seconds value"),
    Row("PSETEX string milliseconds value"),
    Row("MSET (string value)..."),
    Row("MSETNX (string value)..."),
    Row("MGET any..."),
    Row("APPEND string value"),
    Row("STRLEN string"),
    Row("INCR string", weight=3),
    Row("DECR string"),
    Row("INCRBY string integer"),
    Row("DECRBY string integer"),
    Row("INCRBYFLOAT string float", weight=3),
    Row("GETRANGE string index index"),
    Row("SUBSTR string index index"),
    Row("SETRANGE string start value"),
    Row("LCS string string [LEN|IDX] [MINMATCHLEN count] [WITHMATCHLEN]"),
    Row("TTL string", order=Order.CLOCK),
    Row("DEL string"),
    Row("OBJECT ENCODING string"),
)
