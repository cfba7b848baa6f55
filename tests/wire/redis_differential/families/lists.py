"""Lists, the blocking commands included: they wait for a moment only, since nobody else pushes."""

from tests.wire.redis_differential.row import Row

LISTS: tuple[Row, ...] = (
    Row("LPUSH list value...", weight=4),
    Row("RPUSH list value...", weight=6),
    Row("LPUSHX list value..."),
    Row("RPUSHX list value..."),
    Row("LPOP list [count]", weight=3),
    Row("RPOP list [count]", weight=3),
    Row("LLEN list"),
    Row("LRANGE list index index", weight=6),
    Row("LRANGE list 0 -1", weight=4),
    Row("LINDEX list index", weight=2),
    Row("LSET list index value"),
    Row("LINSERT list (BEFORE|AFTER) value value", weight=3),
    Row("LREM list index value", weight=3),
    Row("LTRIM list index index"),
    Row("LPOS list value [RANK index] [COUNT count] [MAXLEN count]", weight=3),
    Row("RPOPLPUSH list list"),
    Row("LMOVE list list (LEFT|RIGHT) (LEFT|RIGHT)", weight=3),
    Row("LMPOP 1 list (LEFT|RIGHT) [COUNT some]"),
    Row("LMPOP 2 list list (LEFT|RIGHT) [COUNT some]"),
    Row("LMPOP count list... (LEFT|RIGHT) [COUNT count]", weight=1),
    Row("BLPOP list... 0.01", weight=1),
    Row("BRPOP list... 0.01", weight=1),
    Row("BLMOVE list list (LEFT|RIGHT) (LEFT|RIGHT) 0.01", weight=1),
    Row("BRPOPLPUSH list list 0.01", weight=1),
    Row("BLMPOP 0.01 2 list list (LEFT|RIGHT) [COUNT some]", weight=1),
    Row("BLPOP list ('abc|-1|'nan|1e400)", weight=1),
    Row("OBJECT ENCODING list"),
    Row("DEL list", weight=1),
)
