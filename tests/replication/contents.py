"""All data of a server in one form, whatever its encodings are: what a primary and its replicas must agree on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redis import ResponseError

if TYPE_CHECKING:
    from redis import Redis

DATABASES = (0, 1, 2)

Contents = dict[tuple[int, bytes], Any]


def contents(client: Redis) -> Contents:
    """Every key of the databases that tests use, with its value and when it expires."""
    found: Contents = {}
    for database in DATABASES:
        with client.client() as connection:
            connection.execute_command("SELECT", database)
            for key in connection.scan_iter(count=1000):
                value = _value(connection, key)
                # A key may expire between two questions: then it is nowhere.
                if value is not None:
                    found[database, key] = value
    return found


def differences(one: Contents, other: Contents, shown: int = 5) -> list[str]:
    """What one has and the other has otherwise, or not at all."""
    keys = sorted(one.keys() | other.keys())
    differing = [key for key in keys if one.get(key) != other.get(key)]
    return [f"{key}: {one.get(key)!r:.300} / {other.get(key)!r:.300}" for key in differing[:shown]]


def _value(client: Redis, key: bytes) -> Any:
    kind = client.type(key)
    expiry = client.execute_command("PEXPIRETIME", key)
    readers = {
        b"string": lambda: client.get(key),
        b"list": lambda: client.lrange(key, 0, -1),
        b"set": lambda: sorted(client.smembers(key)),
        b"hash": lambda: sorted(client.hgetall(key).items()),
        b"zset": lambda: client.zrange(key, 0, -1, withscores=True),
        b"stream": lambda: _stream(client, key),
    }
    if kind not in readers:
        return None
    try:
        return kind, readers[kind](), expiry
    except ResponseError:
        if client.exists(key):
            raise
        return None


def _stream(client: Redis, key: bytes) -> Any:
    """Entries, and groups with who has yet to acknowledge what; times are each server's own."""
    entries = client.xrange(key)
    groups = []
    for group in client.xinfo_groups(key):
        pending = client.xpending_range(key, group["name"], "-", "+", 10_000)
        rows = [(row["message_id"], row["consumer"], row["times_delivered"]) for row in pending]
        consumers = sorted(consumer["name"] for consumer in client.xinfo_consumers(key, group["name"]))
        groups.append((group["name"], group["last-delivered-id"], rows, consumers))
    about = client.xinfo_stream(key)
    return entries, sorted(groups), about["last-generated-id"], about["length"]
