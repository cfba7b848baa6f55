"""Keys of any type: names, lifetimes, copies, walks."""

from collections.abc import Iterable, Sequence

from tests.wire.redis_differential.row import Order, Row


def reads_a_number(_words: Sequence[bytes]) -> Iterable[Sequence[bytes]]:
    """Redis's SORT takes an error of range that any command before it has left in C's `errno` for its own."""
    yield b"GEORADIUS_RO not-there 0 0 1 m".split()


KEYS: tuple[Row, ...] = (
    Row("SET string value"),
    Row("RPUSH list value..."),
    Row("SADD set member..."),
    Row("HSET hash (field value)..."),
    Row("ZADD zset (score member)..."),
    Row("DEL any..."),
    Row("RESTORE any milliseconds value [REPLACE] [ABSTTL] [IDLETIME count]", weight=1),
    Row("UNLINK any..."),
    Row("EXISTS any..."),
    Row("TYPE any"),
    Row("TOUCH any..."),
    Row("RENAME any any"),
    Row("RENAMENX any any"),
    Row("COPY any any [DB database] [REPLACE]"),
    Row("MOVE any database"),
    # Whether the same time once more is later is decided by milliseconds: GT and LT stand where times are absolute.
    Row("EXPIRE any seconds [NX|XX]", weight=3),
    Row("EXPIRE any seconds (NX GT|GT LT|XX NX|word)", weight=1),
    Row("PEXPIRE any milliseconds [NX|XX]"),
    Row("EXPIREAT any time [NX|XX|GT|LT]"),
    Row("PEXPIREAT any time_ms [NX|XX|GT|LT]"),
    Row("PERSIST any"),
    Row("TTL any", order=Order.CLOCK),
    Row("PTTL any", order=Order.CLOCK),
    Row("EXPIRETIME any", order=Order.CLOCK),
    Row("PEXPIRETIME any", order=Order.CLOCK),
    Row("KEYS pattern", order=Order.ANY),
    Row(
        "SCAN cursor [MATCH pattern] [COUNT count] [TYPE ('string|'list|'set|'zset|'hash|'stream|'nothing)]",
        order=Order.SCAN,
    ),
    Row("DBSIZE"),
    Row("RANDOMKEY", weight=1, order=Order.RANDOM),
    Row("OBJECT (ENCODING|REFCOUNT) any"),
    Row("OBJECT IDLETIME any", weight=1, order=Order.CLOCK),
    Row("OBJECT FREQ any", weight=1),
    Row(
        "SORT (list|set|zset) [LIMIT index count] [GET by] [GET #] [ASC|DESC] [ALPHA] [STORE list]",
        before=reads_a_number,
    ),
    Row("SORT_RO (list|set|zset) [LIMIT index count] [GET by] [ASC|DESC] [ALPHA]", before=reads_a_number),
    # In which order equal weights come is up to the C library, or with LIMIT to Redis's own sorting.
    Row("SORT (list|set|zset) BY by [GET #] [ASC|DESC] [ALPHA]", weight=1, order=Order.ANY, before=reads_a_number),
    Row("SORT (list|zset) BY 'nosort [GET #] [ASC|DESC]", weight=1, order=Order.ANY, before=reads_a_number),
    Row("SELECT database", weight=1),
    Row("SELECT 0", weight=2),
    Row("SWAPDB database database", weight=1),
    Row("FLUSHDB [ASYNC|SYNC]", weight=1),
    Row("FLUSHALL [ASYNC|SYNC]", weight=1),
    Row("DUMP 'missing", weight=1, order=Order.RANDOM),
    Row("RESTORE any integer value [REPLACE] [ABSTTL]", weight=1),
)
