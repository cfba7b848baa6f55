"""A client that writes values of every type, thousands a second, while a block lasts; and what a server holds."""

import contextlib
import threading
from random import Random
from types import TracebackType
from typing import Self

from redis import Redis
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tests.connection import WAIT_SECONDS
from tests.servers import Server

KEYS = 200
BATCH = 20
HELD_SECONDS = 1.0
REST_SECONDS = 0.002


class Writer:
    """Writes until the end of the block, or until the server takes no more. `batches` counts what was acknowledged."""

    def __init__(self, server: Server, seed: int = 1, timeout_seconds: float = HELD_SECONDS) -> None:
        self.batches = 0
        self._client = Redis(server.host, server.port, socket_timeout=timeout_seconds)
        self._random = Random(seed)
        self._is_ended = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_ended.set()
        self._thread.join()

    def _write(self) -> None:
        try:
            # A short rest leaves a processor to those who are written to.
            while not self._is_ended.wait(REST_SECONDS):
                with contextlib.suppress(RedisTimeoutError):  # Writers are held, or the machine is busy.
                    self._write_batch()
                    self.batches += 1
        except (RedisError, OSError):
            pass  # The server was stopped, fenced or made a replica: what was acknowledged before counts.
        finally:
            self._client.close()

    def _write_batch(self) -> None:
        with self._client.pipeline(transaction=self._random.random() < 0.2) as pipeline:
            for _ in range(BATCH):
                self._add(pipeline)
            pipeline.execute()

    def _add(self, pipeline: Redis) -> None:
        number, value = self._random.randrange(KEYS), self._random.randbytes(self._random.randrange(1, 60))
        match self._random.randrange(9):
            case 0:
                pipeline.set(f"string:{number}", value)
            case 1:
                pipeline.hset(f"hash:{number}", str(self._random.randrange(200)), value)
            case 2:
                pipeline.rpush(f"list:{number}", value)
            case 3:
                pipeline.sadd(f"set:{number}", value, self._random.randrange(99))
            case 4:
                pipeline.zadd(f"zset:{number}", {value: self._random.random()})
            case 5:
                pipeline.xadd(f"stream:{number}", {"field": value})
            case 6:
                pipeline.incr(f"counter:{number}")
            case 7:
                pipeline.set(f"expiring:{number}", value, ex=3600)
            case 8:
                pipeline.delete(f"string:{number}")


def digest(server: Server) -> str:
    """Redis's own hash of all that a server holds."""
    with Redis(server.host, server.port, decode_responses=True) as client:
        return str(client.execute_command("DEBUG", "DIGEST"))


READS = {
    "string": lambda client, key: client.get(key),
    "hash": lambda client, key: client.hgetall(key),
    "list": lambda client, key: client.lrange(key, 0, -1),
    "set": lambda client, key: client.smembers(key),
    "zset": lambda client, key: client.zrange(key, 0, -1, withscores=True),
    "stream": lambda client, key: client.xrange(key),
}


def contents(server: Server) -> dict[bytes, object]:
    """All that a server holds, by reading: one that holds its writers keeps DEBUG waiting too."""
    with Redis(server.host, server.port) as client:
        keys = sorted(client.scan_iter(count=1000))
        with client.pipeline(transaction=False) as pipeline:
            for key in keys:
                pipeline.type(key).pexpiretime(key)
            answers = pipeline.execute()
            kinds, expiries = answers[::2], answers[1::2]
            for key, kind in zip(keys, kinds, strict=True):
                READS[kind.decode()](pipeline, key)
            values = pipeline.execute()
    return {key: found for key, *found in zip(keys, kinds, expiries, values, strict=True)}


def fill(server: Server, batches: int = 50, seed: int = 2) -> None:
    """Some thousand values of every type."""
    writer = Writer(server, seed, WAIT_SECONDS)
    for _ in range(batches):
        writer._write_batch()
    writer._client.close()
