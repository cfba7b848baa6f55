"""Functions: libraries that are loaded, what their functions return, how their errors look. There is one library with
one function at a time, since several come in the order of tables."""

from tests.wire.redis_differential.families.scripts import script
from tests.wire.redis_differential.row import Row

HEADERS = (
    "#!lua name=lib", "#!LUA NAME=lib", "#!lua", "#!lua name=a-b", "#!lua name=lib name=lib", "#!lua name=lib x=1",
    "#!js name=lib", "#!", "",
)  # fmt: skip
FUNCTIONS = (
    "return{keys,args}",
    "return redis.call('GET',keys[1])",
    "return redis.call('SET',keys[1],args[1])",
    "return redis.pcall('LPUSH',keys[1],args[1])",
    "local t=redis.call('HGETALL',keys[1]) table.sort(t) return t",
    "return redis.call('NOSUCH')",
    "return redis.error_reply('bad thing')",
    "return nosuchvariable",
    "return KEYS[1]",
    "x=1",
    "error('plain')",
    "error({err='ERR mine'})",
    "return redis.register_function",
    "redis.register_function('g',function() end)",
    "redis.setresp(3) return redis.call('HGETALL',keys[1])",
    "return 3.99",
    "return{1,nil,3}",
)
READS = "callback=function(keys) return redis.call('GET',keys[1]) end"
WRITES = "callback=function(keys) return redis.call('SET',keys[1],1) end"
LIBRARIES = (
    "x",
    "local a=redis.call",
    "redis.call('GET','a')",
    "foo=1",
    "return foo",
    "redis.register_function()",
    "redis.register_function('f')",
    "redis.register_function('f',1)",
    "redis.register_function('f-g',function() end)",
    "redis.register_function{}",
    "redis.register_function{callback=function() end}",
    "redis.register_function{function_name='f'}",
    "redis.register_function{function_name='f',callback=1}",
    "redis.register_function{function_name='f',callback=function() end,flags=1}",
    "redis.register_function{function_name='f',callback=function() end,flags={'nosuch'}}",
    "redis.register_function{function_name='f',callback=function() end,x=1}",
    "redis.register_function{1}",
    "redis.register_function('f',function() end) redis.register_function('f',function() end)",
    "redis.register_function('f','g','h')",
    "redis.log(redis.LOG_NOTICE,'x')",
    "local n=0 redis.register_function('f',function() n=n+1 return n end)",
    f"redis.register_function{{function_name='f',description='told',flags={{'no-writes'}},{READS}}}",
    f"redis.register_function{{function_name='f',flags={{'no-writes','allow-stale'}},{WRITES}}}",
)


def library(body: str, header: str = HEADERS[0]) -> str:
    return script(f"{header}\n{body}")


def function(body: str) -> str:
    return library(f"redis.register_function('f',function(keys,args) {body} end)")


FUNCTION_ROWS: tuple[Row, ...] = (
    *(Row(f"FUNCTION LOAD REPLACE {function(body)}", weight=2) for body in FUNCTIONS),
    *(Row(f"FUNCTION LOAD [REPLACE] {library(body)}", weight=1) for body in LIBRARIES),
    *(Row(f"FUNCTION LOAD {library('return 1', header)}", weight=1) for header in HEADERS),
    Row(f"FUNCTION LOAD {script(HEADERS[0])}", weight=1),
    Row(f"FUNCTION LOAD {function('return 1').replace('lib', 'other')}", weight=1),
    Row("FCALL 'f 1 any value", weight=20),
    Row("FCALL 'f index any value", weight=2),
    Row("FCALL word 1 any", weight=1),
    Row("FCALL_RO 'f 1 any value", weight=6),
    Row("FUNCTION LIST [LIBRARYNAME ('l*|'o*|word)] [WITHCODE]", weight=6),
    Row("FUNCTION LIST word", weight=1),
    Row("FUNCTION STATS", weight=3),
    Row("FUNCTION DELETE ('lib|'other|word)", weight=3),
    Row("FUNCTION FLUSH [ASYNC|SYNC|word]", weight=1),
    Row("FUNCTION (KILL|NOSUCH)", weight=1),
    Row("FUNCTION RESTORE value [APPEND|REPLACE|FLUSH|word]", weight=1),
    Row("SET string value"),
    Row("HSET hash field value"),
)
