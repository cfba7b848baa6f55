"""Writes of all kinds, from several connections at once, until they are told to end. Errors of a server that goes away
are noted and lived through: a writer connects again."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING, Any, Self

import redis

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from tests.servers import Server

KEYS = 40

SCRIPT = """
local value = redis.call('INCR', KEYS[1])
redis.call('HSET', KEYS[2], 'f' .. value % 30, value)
if value % 3 == 0 then redis.call('SPOP', KEYS[3]) end
redis.call('SADD', KEYS[3], value % 50)
return value
"""


class Load:
    """Writers in threads.

    with Load(server) as load:
        ...
    load.writes
    """

    def __init__(self, server: Server, *, writers: int = 3, seed: int = 1) -> None:
        self.server = server
        self.writes = 0
        self.errors: list[str] = []
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._write, args=(random.Random(seed * 100 + number),))
            for number in range(writers)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _write(self, chance: random.Random) -> None:
        while not self._over.is_set():
            try:
                with redis.Redis(self.server.host, self.server.port, socket_timeout=5) as client:
                    self._write_to(client, chance)
            except (redis.RedisError, OSError) as error:
                self.errors.append(repr(error))
                self._over.wait(0.05)

    def _write_to(self, client: redis.Redis, chance: random.Random) -> None:
        while not self._over.is_set():
            pipe = client.pipeline(transaction=chance.random() < 0.3)
            if not pipe.explicit_transaction and chance.random() < 0.1:
                pipe.execute_command("SELECT", chance.choice((0, 1, 2)))
            for _ in range(chance.randint(1, 20)):
                chance.choice(WRITES)(pipe, chance)
            # What a command says of a key that holds another type is no failure.
            self.writes += len(pipe.execute(raise_on_error=False))


def _key(kind: str, chance: random.Random) -> str:
    return f"{kind}{chance.randrange(KEYS)}"


def _text(chance: random.Random) -> str:
    return "v" * chance.choice((1, 5, 20, 100, 2000)) + str(chance.randrange(1000))


Write = "Callable[[Any, random.Random], object]"

WRITES: list[Callable[[Any, random.Random], object]] = [
    lambda pipe, chance: pipe.set(_key("s", chance), _text(chance)),
    lambda pipe, chance: pipe.set(_key("s", chance), _text(chance), px=chance.choice((1, 30, 300, 100_000))),
    lambda pipe, chance: pipe.set(_key("s", chance), _text(chance), nx=True, keepttl=True),
    lambda pipe, chance: pipe.getex(_key("s", chance), ex=1000),
    lambda pipe, chance: pipe.append(_key("s", chance), "x"),
    lambda pipe, chance: pipe.setrange(_key("s", chance), chance.randrange(50), "abc"),
    lambda pipe, chance: pipe.setbit(_key("s", chance), chance.randrange(500), 1),
    lambda pipe, chance: pipe.bitop("XOR", _key("s", chance), _key("s", chance), _key("s", chance)),
    lambda pipe, chance: pipe.incr(_key("n", chance)),
    lambda pipe, chance: pipe.incrbyfloat(_key("n", chance), 0.25),
    lambda pipe, chance: pipe.getdel(_key("n", chance)),
    lambda pipe, chance: pipe.rpush(_key("l", chance), *[_text(chance) for _ in range(3)]),
    lambda pipe, chance: pipe.lpop(_key("l", chance), 2),
    lambda pipe, chance: pipe.lmove(_key("l", chance), _key("l", chance), "LEFT", "RIGHT"),
    lambda pipe, chance: pipe.ltrim(_key("l", chance), 0, 50),
    lambda pipe, chance: pipe.linsert(_key("l", chance), "BEFORE", _text(chance), "between"),
    lambda pipe, chance: pipe.blpop([_key("l", chance), _key("l", chance)], timeout=0.001),
    lambda pipe, chance: pipe.blmove(_key("l", chance), _key("l", chance), 0.001, "LEFT", "LEFT"),
    lambda pipe, chance: pipe.sadd(_key("e", chance), *[chance.randrange(200) for _ in range(5)]),
    lambda pipe, chance: pipe.sadd(_key("e", chance), _text(chance)),
    lambda pipe, chance: pipe.spop(_key("e", chance), chance.randrange(1, 4)),
    lambda pipe, chance: pipe.smove(_key("e", chance), _key("e", chance), chance.randrange(200)),
    lambda pipe, chance: pipe.sinterstore(_key("e", chance), _key("e", chance), _key("e", chance)),
    lambda pipe, chance: pipe.sunionstore(_key("e", chance), _key("e", chance), _key("e", chance)),
    lambda pipe, chance: pipe.hset(_key("h", chance), chance.randrange(300), _text(chance)),
    lambda pipe, chance: pipe.hincrbyfloat(_key("h", chance), "float", 0.5),
    lambda pipe, chance: pipe.hdel(_key("h", chance), chance.randrange(300)),
    lambda pipe, chance: pipe.zadd(_key("z", chance), {str(chance.randrange(300)): chance.random() * 10}),
    lambda pipe, chance: pipe.zincrby(_key("z", chance), 0.1, chance.randrange(300)),
    lambda pipe, chance: pipe.zpopmin(_key("z", chance), 2),
    lambda pipe, chance: pipe.bzpopmax([_key("z", chance)], timeout=0.001),
    lambda pipe, chance: pipe.zremrangebyrank(_key("z", chance), 5, 7),
    lambda pipe, chance: pipe.zunionstore(_key("z", chance), [_key("z", chance), _key("z", chance)]),
    lambda pipe, chance: pipe.xadd(_key("x", chance), {"f": _text(chance)}, maxlen=chance.choice((None, 50))),
    lambda pipe, chance: pipe.xgroup_create(_key("x", chance), "g", id="0", mkstream=True),
    lambda pipe, chance: pipe.xreadgroup("g", chance.choice("ab"), {_key("x", chance): ">"}, count=3),
    lambda pipe, chance: pipe.xautoclaim(_key("x", chance), "g", "a", 0, count=2),
    lambda pipe, chance: pipe.xtrim(_key("x", chance), maxlen=20, approximate=False),
    lambda pipe, chance: pipe.pfadd(_key("p", chance), *[chance.random() for _ in range(3)]),
    lambda pipe, chance: pipe.pfmerge(_key("p", chance), _key("p", chance)),
    lambda pipe, chance: pipe.expire(_key(chance.choice("slehzx"), chance), chance.choice((-1, 1, 1000))),
    lambda pipe, chance: pipe.persist(_key(chance.choice("sle"), chance)),
    lambda pipe, chance: pipe.rename(_key("s", chance), _key("s", chance)),
    lambda pipe, chance: pipe.copy(_key("h", chance), _key("h", chance), replace=True),
    lambda pipe, chance: pipe.move(_key("s", chance), chance.choice((0, 1, 2))),
    lambda pipe, chance: pipe.sort(_key("e", chance), alpha=True, store=_key("l", chance)),
    lambda pipe, chance: pipe.unlink(_key("x", chance)) if chance.random() < 0.05 else pipe.touch(_key("x", chance)),
    lambda pipe, chance: pipe.execute_command("SWAPDB", 1, 2) if chance.random() < 0.05 else pipe.ping(),
    lambda pipe, chance: pipe.flushdb() if chance.random() < 0.002 else pipe.ping(),
    lambda pipe, chance: pipe.publish("news", _text(chance)),
    lambda pipe, chance: pipe.eval(SCRIPT, 3, _key("c", chance), _key("h", chance), _key("e", chance)),
]
"""One of them is drawn for each write."""
