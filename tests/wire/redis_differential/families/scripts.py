"""Scripts: what they return, what they may call, how their errors look."""

from tests.wire.redis_differential.row import Row

# What the first line says of a script, with a body that writes.
HEADERS = (
    "#!lua", "#!lua flags=no-writes", "#!lua flags=allow-oom,no-writes", "#!lua flags=nosuch", "#!lua name=x",
    "#!python", "#!lua flags=", "#!lua flags=allow-stale,allow-cross-slot-keys", "#!",
)  # fmt: skip
READS = "\nreturn redis.call('GET',KEYS[1])"
WRITES = "\nreturn redis.call('SET',KEYS[1],ARGV[1])"

BODIES = (
    "return{KEYS[1],ARGV[1]}",
    "return redis.call('GET',KEYS[1])",
    "return redis.call('SET',KEYS[1],ARGV[1])",
    "return redis.pcall('LPUSH',KEYS[1],ARGV[1])",
    "return redis.call('LRANGE',KEYS[1],0,-1)",
    "local t=redis.call('HGETALL',KEYS[1]) table.sort(t) return t",
    "return redis.call('INCR',KEYS[1])",
    "return 3.99",
    "return{1,2,{3,'x'},false,4}",
    "return{1,nil,3}",
    "return{err='MY message'}",
    "return redis.error_reply('bad thing')",
    "return redis.status_reply('FINE')",
    "return redis.sha1hex('abc')",
    "return nosuchvariable",
    "return redis.call('NOSUCH')",
    "return redis.call()",
    "syntax error(",
    "x=1",
    "return cjson.encode({1,2,'x'})",
    "return bit.band(7,12)",
    "return #KEYS+#ARGV",
    "return tostring(1/3)",
    "redis.setresp(3) return redis.call('HGETALL',KEYS[1])",
    "local t=redis.call('ZRANGE',KEYS[1],0,-1,'WITHSCORES') return t",
    "error({err='ERR mine'})",
    "error('plain')",
    "return redis.call('BLPOP',KEYS[1],0)",
    "return cmsgpack.unpack(cmsgpack.pack({1,'a',true}))",
    "return struct.pack('>I',5)",
    "for i=1,3 do redis.call('RPUSH',KEYS[1],i) end return redis.call('LLEN',KEYS[1])",
)


def script(body: str) -> str:
    """A body as one word of a grammar: bytes that its signs would trip over are written in another way."""
    return "".join(f"%{ord(letter):02x}" if letter in "[]()|. \n%" else letter for letter in body)


SCRIPTS: tuple[Row, ...] = (
    *(Row(f"EVAL {script(body)} 1 any value") for body in BODIES),
    *(Row(f"EVAL {script(header + WRITES)} 1 string value", weight=1) for header in HEADERS),
    *(Row(f"EVAL_RO {script(header + READS)} 1 string", weight=1) for header in HEADERS),
    Row(f"EVAL {script(BODIES[0])} index any value"),
    Row(f"EVAL_RO {script(BODIES[2])} 1 string value"),
    Row(f"EVAL_RO {script(BODIES[1])} 1 any"),
    Row(f"SCRIPT LOAD {script(BODIES[1])}"),
    Row("SCRIPT EXISTS 4e6d8fc8bb01276962cce5371fa795a7763657ae word"),
    Row("EVALSHA 4e6d8fc8bb01276962cce5371fa795a7763657ae 1 any"),
    Row("EVALSHA word 1 any"),
    Row("SCRIPT (FLUSH|KILL|NOSUCH)", weight=1),
    Row("SET string value"),
    Row("RPUSH list value..."),
)
