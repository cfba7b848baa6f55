"""Data of every type in small and large collections, and a picture of all that a server holds, to compare by."""

import random
from typing import Any

import redis

from tests.servers import wait_for

LONG = b"a long value, again and again: " * 40
FAR = 4_000_000_000_000
"""A time, in milliseconds since 1970, at which nothing here has expired."""

Client = redis.Redis  # type: ignore[type-arg]


def connect(port: int) -> Client:
    """A client of a server, once that has loaded what it begins with."""
    client = redis.Redis("127.0.0.1", port, socket_timeout=30)
    wait_for(lambda: client.info("persistence")["loading"] == 0, "data to be loaded")
    return client


def fill(client: Client, seed: int = 1) -> None:
    """Keys of every type in two databases."""
    chance = random.Random(seed)
    words = [chance.randbytes(chance.randrange(1, 30)) for _ in range(40)]
    _strings(client, chance)
    for size in (1, 5, 100, 700):
        numbers = [str(chance.randrange(-(2**40), 2**40)).encode() for _ in range(size)]
        members = [b"%d " % at + chance.choice(words) for at in range(size)]
        client.rpush(f"list:{size}", *numbers, *members, LONG)
        client.sadd(f"set:numbers:{size}", *numbers)
        client.sadd(f"set:words:{size}", *members)
        client.hset(f"hash:{size}", mapping=dict(zip(members, numbers, strict=True)))
        scores = {member: chance.choice([at, -0.5 * at, 1e300, float("inf"), 0.1]) for at, member in enumerate(members)}
        client.zadd(f"zset:{size}", scores)
    client.hset("hash:long", "field", LONG)
    client.rpush("list:long", *[bytes([at]) * 5000 for at in range(20)])
    client.pexpireat("hash:5", FAR)
    client.pexpireat("zset:700", FAR + 1)
    _streams(client, chance)
    other = redis.Redis(connection_pool=redis.ConnectionPool(**{**client.connection_pool.connection_kwargs, "db": 3}))
    other.set("in another database", "1")
    other.set("with an end", "2", pxat=FAR)
    other.close()


def _strings(client: Client, chance: random.Random) -> None:
    client.set(b"binary \x00\r\n\xff key", bytes(range(256)))
    client.set("long", LONG)
    client.set("chance", chance.randbytes(20_000))
    client.set("empty", "")
    for number in (0, -1, 127, 128, -32769, 2**31 - 1, -(2**31), 2**31, 2**63 - 1, "007", "-0", " 1"):
        client.set(f"number:{number}", str(number))
    client.set("with an end", "x", pxat=FAR)
    client.setbit("bits", 100, 1)
    client.pfadd("many", *range(500))


def _streams(client: Client, chance: random.Random) -> None:
    client.xadd("stream:1", {"field": "value"}, id="1-1")
    for at in range(350):
        fields = {"same": at, "fields": b"x" * (at % 40)} if at % 3 else {f"own {at}": chance.randbytes(8)}
        client.xadd("stream:350", fields, id=f"{1000 + at}-{at % 2}")  # type: ignore[arg-type]
    client.xdel("stream:350", "1000-0", "1010-0", "1349-1")
    client.xgroup_create("stream:350", "readers", "0")
    client.xgroup_create("stream:350", b"\x00binary", "$")
    client.xreadgroup("readers", "one", {"stream:350": ">"}, count=20)
    client.xreadgroup("readers", "two", {"stream:350": ">"}, count=5)
    client.xack("stream:350", "readers", "1003-1", "1004-0")
    client.xgroup_createconsumer("stream:350", "readers", "idle")
    client.xadd("stream:empty", {"a": "b"}, id="5-5")
    client.xtrim("stream:empty", maxlen=0)
    client.xgroup_create("stream:empty", "waiting", "0")


def picture(client: Client, databases: tuple[int, ...] = (0, 3), *, of_streams: bool = True) -> dict[Any, Any]:
    """All keys with their values and ends."""
    found: dict[Any, Any] = {}
    for database in databases:
        one = redis.Redis(
            connection_pool=redis.ConnectionPool(**{**client.connection_pool.connection_kwargs, "db": database})
        )
        for key in one.scan_iter(count=1000):
            kind = one.type(key)
            found[database, key] = (kind, one.execute_command("PEXPIRETIME", key), _value(one, key, kind, of_streams))
        one.close()
    return found


def _value(client: Client, key: bytes, kind: bytes, of_streams: bool) -> Any:
    match kind:
        case b"string":
            return client.get(key)
        case b"list":
            return client.lrange(key, 0, -1)
        case b"set":
            return client.smembers(key)
        case b"hash":
            return client.hgetall(key)
        case b"zset":
            return client.zrange(key, 0, -1, withscores=True)
        case _:
            return client.xrange(key), _groups(client, key), _counters(client, key) if of_streams else None


def _groups(client: Client, key: bytes) -> Any:
    found = []
    for group in client.xinfo_groups(key):
        pending = client.xpending_range(key, group["name"], "-", "+", 1000)
        consumers = [consumer["name"] for consumer in client.xinfo_consumers(key, group["name"])]
        # Whether and when it was read goes with idle times, which run.
        shown = [(row["message_id"], row["consumer"], row["times_delivered"]) for row in pending]
        found.append((group["name"], group["last-delivered-id"], sorted(consumers), shown))
    return found


def _counters(client: Client, key: bytes) -> Any:
    """What Redis 7 knows of a stream, and a file that Redis 5 loads has no place for."""
    info = client.xinfo_stream(key)
    groups = [(group["entries-read"], group["lag"]) for group in client.xinfo_groups(key)]
    return info["last-generated-id"], info["max-deleted-entry-id"], info["entries-added"], groups
