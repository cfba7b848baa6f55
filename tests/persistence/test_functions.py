"""Libraries of functions outlive a restart, reach replicas and move between this server and redis-server."""

from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from tests.persistence.contents import connect
from tests.servers import Server, start_redis, start_redis_mode, wait_for

Keep = Callable[[Server], Server]

GREETING = "#!lua name=greeting\nredis.register_function('greet', function(keys, args) return 'hello ' .. args[1] end)"
COUNTING = """#!lua name=counting
redis.register_function('count', function(keys) return redis.call('INCR', keys[1]) end)
redis.register_function{function_name='look', callback=function(keys) return redis.call('GET', keys[1]) end,
    flags={'no-writes'}, description='what count has come to'}
"""


def load(client: redis.Redis) -> None:
    assert client.function_load(GREETING) in ("greeting", b"greeting")
    client.function_load(COUNTING)


def works(client: redis.Redis) -> bool:
    return client.fcall("greet", 0, "ada") in ("hello ada", b"hello ada") and len(client.function_list()) == 2


def test_functions_are_called(started: Keep) -> None:
    with connect(started(start_redis_mode("--threads", "2")).port) as client:
        load(client)
        assert works(client)
        assert [client.fcall("count", 1, "n") for _ in range(3)] == [1, 2, 3]
        assert client.fcall_ro("look", 1, "n") in ("3", b"3")
        with pytest.raises(redis.ResponseError, match="write flag"):
            client.fcall_ro("count", 1, "n")
        client.function_delete("greeting")
        with pytest.raises(redis.ResponseError, match="Function not found"):
            client.fcall("greet", 0, "ada")


@pytest.mark.parametrize("flags", [["--save", "3600 1"], ["--appendonly", "yes"]], ids=["snapshot", "log"])
def test_they_outlive_a_restart(started: Keep, tmp_path: Path, flags: list[str]) -> None:
    server = start_redis_mode("--dir", str(tmp_path), *flags)
    with connect(server.port) as client:
        load(client)
        client.fcall("count", 1, "n")
        client.function_load(GREETING.replace("hello", "hi"), replace=True)
        client.function_load(GREETING, replace=True)
        if "--save" in flags:
            client.save()
    server.stop()
    with connect(started(start_redis_mode("--dir", str(tmp_path), *flags)).port) as client:
        assert works(client)
        assert client.fcall("count", 1, "n") == 2


def test_files_are_loaded_here_and_there(started: Keep, tmp_path: Path) -> None:
    makers: list[Callable[..., Server]] = [start_redis, start_redis_mode]
    for number, (writes, reads) in enumerate(zip(makers, reversed(makers), strict=True)):
        folder = tmp_path / str(number)
        folder.mkdir()
        with connect(started(writes("--dir", str(folder))).port) as client:
            load(client)
            client.set("n", 5)
            client.save()
        load_it = ["--load", str(folder / "dump.rdb")] if reads is start_redis_mode else []
        with connect(started(reads("--dir", str(folder), *load_it)).port) as client:
            assert works(client)
            assert client.fcall("count", 1, "n") == 6


def test_what_one_dumps_the_other_restores(started: Keep) -> None:
    with connect(started(start_redis()).port) as there, connect(started(start_redis_mode()).port) as here:
        for one, other in ((there, here), (here, there)):
            other.function_flush()
            one.function_flush()
            load(one)
            other.function_restore(one.function_dump())
            assert works(other)


def test_replicas_have_them(started: Keep) -> None:
    """Those that were there before, and those that come later."""
    primary = started(start_redis_mode())
    with connect(primary.port) as client:
        client.function_load(GREETING)
        replicas = [started(start_redis("--replicaof", *primary.endpoint.split(":"))), started(start_redis_mode())]
        with connect(replicas[1].port) as ours:
            ours.replicaof(*primary.endpoint.split(":"))
        for replica in replicas:
            with connect(replica.port) as follower:
                wait_for(lambda f=follower: f.info("replication")["master_link_status"] == "up", "the link", 30)
        client.function_load(COUNTING)
        for replica in replicas:
            with connect(replica.port) as follower:
                wait_for(lambda f=follower: len(f.function_list()) == 2, "the library")
                assert follower.fcall_ro("look", 1, "n") is None
