"""Of which changes client-side caching tells, beside redis-server: who makes them, and how, in all modes. When it
tells, and of how many keys at a time, is each server's own affair.
"""

from collections.abc import Iterator

import pytest

from memcluster.redis import resp
from tests.connection import Connection
from tests.groups.running import ask
from tests.servers import Server, start_redis_mode, start_redis_to_compare, wait_for

MODES = ("", "NOLOOP", "OPTOUT NOLOOP", "BCAST", "BCAST NOLOOP", "BCAST PREFIX a PREFIX c NOLOOP")
SCRIPT = "redis.call('SET', KEYS[1], 'script') return redis.call('SET', KEYS[2], 'script')"
LIBRARY = """#!lua name=writes
redis.register_function('write', function(keys) return redis.call('SET', keys[1], 'function') end)
"""
WRITES = {
    "a command": [("SET", "a", "1")],
    "of several keys": [("MSET", "a", "1", "b", "2")],
    "a transaction": [("MULTI",), ("SET", "a", "1"), ("DEL", "b"), ("EXEC",)],
    "a script": [("EVAL", SCRIPT, "2", "a", "b")],
    "a script twice": [("EVAL", SCRIPT, "2", "a", "a")],
    "a function": [("FCALL", "write", "1", "b")],
    "a script in a transaction": [("MULTI",), ("EVAL", SCRIPT, "2", "a", "b"), ("SET", "c", "1"), ("EXEC",)],
    "nothing": [("DEL", "missing"), ("EVAL", "return 1", "0")],
}
KEYS = ("a", "b", "c")


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Server, Server]]:
    ours, theirs = start_redis_mode("--io-threads", "2"), start_redis_to_compare()
    for server in (ours, theirs):
        with Connection(server.address) as connection:
            wait_for(lambda connection=connection: ask(connection, "PING") == "PONG", "data to be loaded")  # type: ignore[misc]
            assert ask(connection, "FUNCTION", "LOAD", LIBRARY) == b"writes"
    yield ours, theirs
    for server in (ours, theirs):
        server.stop()


def told(server: Server, mode: str, writes: list[tuple[str, ...]], *, by_itself: bool) -> set[str]:
    """The keys of which a connection that has read them is told."""
    with Connection(server.address) as tracking, Connection(server.address) as other:
        assert not isinstance(ask(tracking, "HELLO", "3"), resp.Refusal)
        assert ask(tracking, "CLIENT", "TRACKING", "ON", *mode.split()) == "OK"
        for key in KEYS:
            ask(tracking, "GET", key)
        writer = tracking if by_itself else other
        for words in writes:
            writer.send(resp.encode(*words))
        if not by_itself:
            other.ask(resp.encode("ECHO", "written"), b"written\r\n")
        # What is told stands behind the first of these at the latest.
        asked = (tracking.ask(resp.encode("ECHO", word), word.encode() + b"\r\n") for word in ("begun", "ended"))
        return pushed(b"".join(asked))


def pushed(received: bytes) -> set[str]:
    """The keys in all invalidations."""
    keys: set[str] = set()
    for part in received.split(b">2\r\n$10\r\ninvalidate\r\n")[1:]:
        found = resp.read(part)
        assert found is not None
        keys.update(resp.text(key) for key in found[0])
    return keys


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode or "what it reads")
@pytest.mark.parametrize("what", WRITES)
def test_of_which_keys_is_told(servers: tuple[Server, Server], what: str, mode: str) -> None:
    for by_itself in (True, False):
        ours, theirs = (told(server, mode, WRITES[what], by_itself=by_itself) for server in servers)
        assert ours == theirs, f"by itself: {by_itself}"
