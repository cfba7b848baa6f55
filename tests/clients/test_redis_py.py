"""redis-py speaks to a Redis-mode node as to Redis, in RESP2 and RESP3."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
import redis.asyncio
from redis.backoff import ConstantBackoff
from redis.cache import CacheConfig
from redis.connection import CacheProxyConnection
from redis.exceptions import LockError, NoScriptError, ResponseError, WatchError
from redis.retry import Retry

from tests.servers import Server, wait_for

Client = redis.Redis
Open = Callable[..., Client]


@pytest.fixture(params=[2, 3], ids=["RESP2", "RESP3"])
def protocol(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def connect(redis_mode: Server, protocol: int) -> Iterator[Open]:
    """Opens clients of the protocol, and closes them."""
    opened: list[Client] = []

    def open_one(**options: Any) -> Client:
        options = {"protocol": protocol, "decode_responses": True} | options
        opened.append(Client(redis_mode.host, redis_mode.port, **options))
        return opened[-1]

    yield open_one
    for client in opened:
        client.close()


@pytest.fixture
def client(connect: Open) -> Client:
    client = connect()
    client.flushall()
    return client


def test_strings_and_lifetimes(client: Client) -> None:
    assert client.set("a", "1", ex=100) is True
    assert client.set("a", "2", nx=True) is None
    assert client.set("a", "2", get=True, keepttl=True) == "1"
    assert 0 < client.ttl("a") <= 100
    assert client.incr("a") == 3
    assert client.incrbyfloat("a", 0.5) == 3.5
    assert client.mget("a", "absent") == ["3.5", None]
    assert client.getdel("a") == "3.5"
    assert client.exists("a") == 0
    assert client.set("gone", "x", px=20)
    wait_for(lambda: client.get("gone") is None, "the key to expire")


def test_collections(client: Client) -> None:
    client.hset("h", mapping={"name": "Ada", "born": 1815})
    assert client.hgetall("h") == {"name": "Ada", "born": "1815"}
    assert client.hincrby("h", "born", 1) == 1816
    client.rpush("l", *range(10))
    assert client.lrange("l", 2, 4) == ["2", "3", "4"]
    assert client.lmove("l", "m", "LEFT", "RIGHT") == "0"
    assert client.lpos("l", "5") == 4
    client.sadd("s", "a", "b", "c")
    assert client.smembers("s") == {"a", "b", "c"}
    assert client.sinter("s", "s") == {"a", "b", "c"}
    client.zadd("z", {"one": 1, "two": 2.5})
    assert [tuple(pair) for pair in client.zrange("z", 0, -1, withscores=True)] == [("one", 1.0), ("two", 2.5)]
    assert client.zscore("z", "two") == 2.5
    assert client.zadd("z", {"one": 3}, incr=True) == 4.0
    assert client.pfadd("p", *range(100)) == 1
    assert 95 <= client.pfcount("p") <= 105
    client.setbit("b", 7, 1)
    assert client.bitcount("b") == 1


def test_streams(client: Client) -> None:
    identifier = client.xadd("events", {"kind": "login"})
    client.xadd("events", {"kind": "logout"})
    assert client.xlen("events") == 2
    assert client.xrange("events")[0] == (identifier, {"kind": "login"})
    client.xgroup_create("events", "readers", id="0")
    assert client.xreadgroup("readers", "ada", {"events": ">"}, count=1)
    assert client.xpending("events", "readers")["pending"] == 1
    assert client.xack("events", "readers", identifier) == 1
    assert client.xinfo_groups("events")[0]["name"] == "readers"


def test_walks_see_everything(client: Client) -> None:
    with client.pipeline(transaction=False) as pipe:
        for number in range(3000):
            pipe.set(f"key:{number}", number)
            pipe.hset("h", f"field:{number}", number)
        pipe.execute()
    assert set(client.scan_iter("key:*", count=100)) == {f"key:{number}" for number in range(3000)}
    assert len(dict(client.hscan_iter("h"))) == 3000
    assert len(client.keys("key:1*")) == 1111


def test_a_pipeline(client: Client) -> None:
    with client.pipeline() as pipe:
        assert pipe.set("a", 1).incr("a").lpush("a", "x").get("a").execute(raise_on_error=False)[::3] == [True, "2"]
    with client.pipeline() as pipe, pytest.raises(ResponseError, match=r"WRONGTYPE.*lpush|Command # 1"):
        pipe.lpush("a", "x").execute()


def test_a_transaction_that_is_watched(client: Client, connect: Open) -> None:
    other = connect()
    client.set("balance", 10)
    with client.pipeline() as pipe:
        pipe.watch("balance")
        other.incr("balance")
        pipe.multi()
        pipe.set("balance", int(pipe.get("balance") is not None))
        with pytest.raises(WatchError):
            pipe.execute()
    assert client.get("balance") == "11"

    def withdraw(pipe: Any) -> None:
        left = int(pipe.get("balance")) - 5
        pipe.multi()
        pipe.set("balance", left)

    client.transaction(withdraw, "balance")
    assert client.get("balance") == "6"


def test_a_lock(client: Client, connect: Open) -> None:
    with client.lock("lock", timeout=5):
        assert not connect().lock("lock", timeout=5).acquire(blocking=False)
    lock = connect().lock("lock", timeout=5)
    assert lock.acquire(blocking=False)
    lock.extend(5)
    lock.reacquire()
    client.delete("lock")
    with pytest.raises(LockError):
        lock.release()


def test_scripts(client: Client) -> None:
    add = client.register_script("return redis.call('INCRBY', KEYS[1], ARGV[1]) + 1")
    assert add(keys=["a"], args=[4]) == 5
    assert client.eval("return {KEYS[1], ARGV[1], 3}", 1, "k", "v") == ["k", "v", 3]
    with pytest.raises(NoScriptError):
        client.evalsha("0" * 40, 0)
    with pytest.raises(ResponseError, match="Script attempted to access nonexistent global variable"):
        client.eval("return nothing", 0)


def test_messages(client: Client, connect: Open) -> None:
    with client.pubsub() as hearing:
        hearing.subscribe("news")
        hearing.psubscribe("new*")
        assert [hearing.get_message(timeout=5)["type"] for _ in range(2)] == ["subscribe", "psubscribe"]
        assert connect().publish("news", "hello") == 2
        heard = [hearing.get_message(timeout=5) for _ in range(2)]
        assert [(each["type"], each["data"]) for each in heard] == [("message", "hello"), ("pmessage", "hello")]
        assert client.pubsub_numsub("news") == [("news", 1)]
        hearing.unsubscribe()
        hearing.punsubscribe()
        assert [hearing.get_message(timeout=5)["type"] for _ in range(2)] == ["unsubscribe", "punsubscribe"]


def test_messages_in_a_thread(client: Client, connect: Open) -> None:
    heard: list[str] = []
    hearing = client.pubsub()
    hearing.subscribe(news=lambda message: heard.append(message["data"]))
    thread = hearing.run_in_thread(sleep_time=0.01)
    other = connect()
    wait_for(lambda: other.publish("news", "x"), "the subscription")
    wait_for(lambda: heard, "the message")
    thread.stop()
    thread.join(10)


def test_keyspace_events(client: Client) -> None:
    client.config_set("notify-keyspace-events", "KEA")
    with client.pubsub() as hearing:
        hearing.psubscribe("__keyevent@0__:*")
        assert hearing.get_message(timeout=5)["type"] == "psubscribe"
        client.set("a", 1)
        client.delete("a")
        heard = [hearing.get_message(timeout=5) for _ in range(2)]
        assert [each["channel"].rpartition(":")[2] for each in heard] == ["set", "del"]
    client.config_set("notify-keyspace-events", "")


def test_who_waits_is_served_in_order(client: Client, connect: Open) -> None:
    served: list[tuple[int, Any]] = []
    threads = []
    for number in range(3):
        waiter = connect(client_name=f"waiter-{number}")
        thread = threading.Thread(target=lambda w=waiter, n=number: served.append((n, w.blpop(["q"], 10))))
        thread.start()
        threads.append(thread)
        wait_for(lambda n=number: blocked(client) == n + 1, "the client to wait")
    client.rpush("q", "a", "b", "c")
    for thread in threads:
        thread.join(10)
    assert sorted(served) == [(0, ("q", "a")), (1, ("q", "b")), (2, ("q", "c"))] or sorted(served) == [
        (0, ["q", "a"]), (1, ["q", "b"]), (2, ["q", "c"]),
    ]  # fmt: skip


def blocked(client: Client) -> int:
    return int(client.info("clients")["blocked_clients"])


def test_waiting_ends_with_its_time(client: Client) -> None:
    before = time.monotonic()
    assert client.blpop(["nothing"], 0.1) is None
    assert 0.1 <= time.monotonic() - before < 5


def test_client_side_caching(redis_mode: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    # It asks for a server that says 7.4, though it uses nothing that 6.0 had not.
    monkeypatch.setattr(CacheProxyConnection, "MIN_ALLOWED_VERSION", "7.2.0")
    with (
        Client(redis_mode.host, redis_mode.port, protocol=3, cache_config=CacheConfig()) as caching,
        Client(redis_mode.host, redis_mode.port) as other,
    ):
        other.set("cached", "1")
        assert caching.get("cached") == b"1"
        cache = caching.get_cache()
        assert cache is not None
        assert cache.size == 1
        assert caching.get("cached") == b"1"
        other.set("cached", "2")
        wait_for(lambda: caching.get("cached") == b"2", "the invalidation")


def test_a_connection_that_was_cut_is_made_again(client: Client, connect: Open) -> None:
    retrying = connect(retry=Retry(ConstantBackoff(0), 3), client_name="victim")
    retrying.set("a", "1")
    victim = next(each for each in client.client_list() if each["name"] == "victim")
    assert client.client_kill_filter(_id=victim["id"]) == 1
    assert retrying.get("a") == "1"


def test_names_and_databases(client: Client, connect: Open) -> None:
    other = connect(db=3, client_name="reports")
    other.set("a", "three")
    assert client.get("a") is None
    assert other.client_getname() == "reports"
    assert other.client_info()["db"] == 3
    assert client.info("keyspace") == {"db3": {"keys": 1, "expires": 0, "avg_ttl": 0}}
    assert client.info("server")["redis_version"] == "7.2.4"
    assert client.ping()


def test_bytes_are_bytes(connect: Open) -> None:
    client = connect(decode_responses=False)
    value = bytes(range(256)) * 4096
    client.set(b"\0\xff\r\n", value)
    assert client.get(b"\0\xff\r\n") == value


def test_errors_have_their_kind(client: Client) -> None:
    client.set("a", "text")
    for call, complaint in (
        (lambda: client.incr("a"), "value is not an integer or out of range"),
        (lambda: client.lpush("a", 1), "WRONGTYPE|wrong kind of value"),
        (lambda: client.execute_command("NOSUCH"), "unknown command 'NOSUCH'"),
        (lambda: client.execute_command("GET"), "wrong number of arguments for 'get' command"),
    ):
        with pytest.raises(ResponseError, match=complaint):
            call()


def test_asyncio(redis_mode: Server, protocol: int) -> None:
    async def talk() -> None:
        async with redis.asyncio.Redis(host=redis_mode.host, port=redis_mode.port, protocol=protocol) as client:
            await client.delete("a")
            answers = await asyncio.gather(*(client.incr("a") for _ in range(50)))
            assert sorted(answers) == list(range(1, 51))
            async with client.pipeline(transaction=True) as pipe:
                assert await pipe.set("a", 1).get("a").execute() == [True, b"1"]

    asyncio.run(talk())
