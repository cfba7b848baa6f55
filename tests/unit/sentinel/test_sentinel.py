"""The Sentinel port beside the real one: the same questions, answers of the same shape; and what only ours may do."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from typing import Any

import pytest
import trio
from hypothesis import given, strategies
from redis import Redis, ResponseError
from redis.sentinel import MasterNotFoundError, Sentinel, SlaveNotFoundError

from memcluster.redis.group.sentinel.news import news
from memcluster.redis.group.sentinel.picture import Instance, Picture
from memcluster.redis.group.sentinel.server import MESSAGES_MAX
from memcluster.redis.group.sentinel.server import Sentinel as Ours
from memcluster.redis.group.sentinel.session import glob
from memcluster.redis.group.sentinel.wire import BadRequestError, take_request, written
from memcluster.redis.resp import encode, read
from tests.servers import Server, find_peer, start, start_redis, wait_for

ONE, TWO, THREE = (Instance("127.0.0.1", port, run_id=str(port) * 8) for port in (7001, 7002, 7003))
WHOLE = Picture("orders", 3, ONE, (TWO, THREE))


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A redis-sentinel that watches a redis-server with a replica, by the same name."""
    primary = start_redis("--dir", str(tmp_path_factory.mktemp("primary")))
    replica = start_redis(
        "--dir", str(tmp_path_factory.mktemp("replica")), "--replicaof", "127.0.0.1", str(primary.port)
    )
    conf = tmp_path_factory.mktemp("sentinel") / "sentinel.conf"
    conf.write_text(f"sentinel monitor orders 127.0.0.1 {primary.port} 1\n")
    program = find_peer("redis-server", "redis-server", "REDIS")
    server = start("sentinel", lambda port: [program, str(conf), "--sentinel", "--port", str(port)])
    server.children = [primary, replica]
    with Redis(server.host, server.port, protocol=2) as client:
        wait_for(lambda: client.execute_command("SENTINEL REPLICAS", "orders"), "the replica to be found", 30)
    yield server
    server.stop()


@asynccontextmanager
async def serving(picture: Picture = WHOLE, refusal: str | None = None) -> AsyncIterator[tuple[Ours, int]]:
    sentinel = Ours("orders", lambda: refusal)
    sentinel.show(picture)
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        async with trio.open_nursery() as nursery:
            await nursery.start(sentinel.serve, bound)
            yield sentinel, bound.getsockname()[1]
            nursery.cancel_scope.cancel()


def ask(port: int, *words: str, protocol: int = 2) -> Any:
    """The answer as it came, parsed and not interpreted."""
    with socket.create_connection(("127.0.0.1", port), 10) as stream:
        if protocol == 3:
            stream.sendall(encode("HELLO", "3"))
            received = bytearray()
            while read(received) is None:
                received += stream.recv(1 << 16)
        stream.sendall(encode(*words))
        received = bytearray()
        while (found := read(received)) is None:
            part = stream.recv(1 << 16)
            assert part, received
            received += part
    return found[0]


QUESTIONS = [
    ("PING",),
    ("PING", "x"),
    ("SENTINEL", "MASTERS"),
    ("SENTINEL", "MASTER", "orders"),
    ("SENTINEL", "MASTER", "nobody"),
    ("SENTINEL", "REPLICAS", "orders"),
    ("SENTINEL", "SLAVES", "nobody"),
    ("SENTINEL", "SENTINELS", "orders"),
    ("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "orders"),
    ("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "nobody"),
    ("SENTINEL", "CKQUORUM", "orders"),
    ("SENTINEL", "CKQUORUM", "nobody"),
    ("SENTINEL", "FAILOVER", "nobody"),
    ("SENTINEL", "MYID"),
    ("SENTINEL", "PENDING-SCRIPTS"),
    ("SENTINEL", "MASTER"),
    ("ROLE",),
    ("SUBSCRIBE", "+switch-master"),
    ("PSUBSCRIBE", "*"),
    ("UNSUBSCRIBE",),
    ("CLIENT", "SETNAME", "me"),
    ("CLIENT", "ID"),
    ("HELLO", "4"),
    ("HELLO", "3"),
]

MAY_LACK = {b"s-down-time", b"o-down-time", b"master-link-down-time"}


def shape(answer: Any) -> Any:
    """What a client's parser sees of an answer: kinds and names, not figures."""
    if isinstance(answer, dict):
        return {name: shape(value) for name, value in answer.items()}
    if isinstance(answer, list):
        if len(answer) > 20 and len(answer) % 2 == 0:
            return {name: shape(value) for name, value in zip(answer[::2], answer[1::2], strict=True)}
        shapes = [shape(each) for each in answer]
        return shapes[:1] if answer and isinstance(answer[0], list | dict) else shapes
    return type(answer)


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
async def test_answers_have_the_shape_of_the_real_ones(theirs: Server, words: tuple[str, ...], protocol: int) -> None:
    expected = ask(theirs.port, *words, protocol=protocol)
    async with serving() as (_, port):
        got = await trio.to_thread.run_sync(lambda: ask(port, *words, protocol=protocol))
    if type(expected).__name__ == "Refusal":
        assert got == expected
    else:
        assert shape(got) == shape(expected)


async def test_redis_py_finds_who_serves() -> None:
    async with serving() as (sentinel, port):

        def look() -> tuple[tuple[str, int], list[tuple[str, int]]]:
            finder = Sentinel([("127.0.0.1", port)], socket_timeout=5)
            with closing(finder.sentinels[0]):
                return finder.discover_master("orders"), finder.discover_slaves("orders")

        assert await trio.to_thread.run_sync(look) == (("127.0.0.1", 7001), [("127.0.0.1", 7002), ("127.0.0.1", 7003)])
        sentinel.show(replace(WHOLE, primary=TWO, replicas=(replace(ONE, is_down=True), THREE), epoch=4))
        assert await trio.to_thread.run_sync(look) == (("127.0.0.1", 7002), [("127.0.0.1", 7003)])
        sentinel.show(replace(WHOLE, primary=replace(ONE, is_down=True), is_electing=True))
        with pytest.raises(MasterNotFoundError):
            await trio.to_thread.run_sync(look)


async def test_an_unknown_name_is_nobody() -> None:
    async with serving(Picture("orders")) as (_, port):

        def look() -> None:
            finder = Sentinel([("127.0.0.1", port)], socket_timeout=5)
            with closing(finder.sentinels[0]):
                with pytest.raises(MasterNotFoundError):
                    finder.discover_master("orders")
                with pytest.raises((SlaveNotFoundError, ResponseError)):
                    finder.master_for("other").connection_pool.rotate_slaves().__next__()  # type: ignore[union-attr]

        await trio.to_thread.run_sync(look)


@pytest.mark.parametrize("protocol", [2, 3])
async def test_subscribers_are_told_of_a_switch(protocol: int) -> None:
    async with serving() as (sentinel, port):
        with Redis(port=port, protocol=protocol, decode_responses=True) as client, client.pubsub() as heard:
            await trio.to_thread.run_sync(heard.subscribe, "+switch-master")
            await trio.to_thread.run_sync(heard.psubscribe, "?sdown")

            async def hear() -> Any:
                return await trio.to_thread.run_sync(lambda: heard.get_message(timeout=10))

            assert [(await hear())["type"] for _ in range(2)] == ["subscribe", "psubscribe"]
            sentinel.show(replace(WHOLE, primary=replace(ONE, is_down=True)))
            sentinel.show(replace(WHOLE, primary=TWO, replicas=(replace(ONE, is_down=True), THREE), epoch=4))
            said = [await hear() for _ in range(3)]
    assert [(each["channel"], each["data"]) for each in said] == [
        ("+sdown", "master orders 127.0.0.1 7001"),
        ("+switch-master", "orders 127.0.0.1 7001 127.0.0.1 7002"),
        ("+sdown", "slave 127.0.0.1:7001 127.0.0.1 7001 @ orders 127.0.0.1 7002"),
    ]


async def test_a_failover_can_be_asked_for_and_refused() -> None:
    async with serving() as (_, port):
        assert await trio.to_thread.run_sync(lambda: ask(port, "SENTINEL", "FAILOVER", "orders")) == "OK"
    async with serving(refusal="INPROG Failover already in progress") as (_, port):
        refusal = await trio.to_thread.run_sync(lambda: ask(port, "SENTINEL", "FAILOVER", "orders"))
        assert refusal.text == "INPROG Failover already in progress"


async def test_a_subscriber_that_does_not_read_is_cut() -> None:
    async with serving() as (sentinel, port), await trio.open_tcp_stream("127.0.0.1", port) as stream:
        await stream.send_all(encode("PSUBSCRIBE", "*"))
        assert await stream.receive_some()
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with trio.fail_after(20):
            for number in range(100 * MESSAGES_MAX):
                sentinel.show(replace(WHOLE, epoch=4 + number, name="orders" * 1000))
                if not sentinel._clients:
                    break
                await trio.lowlevel.checkpoint()
        assert not sentinel._clients


@pytest.mark.parametrize("sent", [b"*1\r\n:5\r\n", b"*-5x\r\n", b"*1\r\n$70000\r\n" + b"x" * 70_000, b"x" * 70_000])
async def test_what_is_no_request_ends_the_connection(sent: bytes) -> None:
    async with serving() as (_, port), await trio.open_tcp_stream("127.0.0.1", port) as stream:
        with trio.fail_after(10):
            try:
                await stream.send_all(sent)
                answer = b"".join([part async for part in stream])
            except trio.BrokenResourceError:
                return
    assert answer.startswith(b"-ERR Protocol error: ")


@given(strategies.lists(strategies.lists(strategies.text(max_size=20), min_size=1), max_size=5), strategies.data())
def test_requests_are_read_however_they_arrive(requests: list[list[str]], data: strategies.DataObject) -> None:
    sent = b"".join(encode(*words) for words in requests)
    received, got = bytearray(), []
    while sent:
        count = data.draw(strategies.integers(1, len(sent)))
        received += sent[:count]
        sent = sent[count:]
        while (words := take_request(received)) is not None:
            got.append(words)
    assert got == [[word.encode(errors="replace").decode() for word in words] for words in requests]
    assert not received


@given(strategies.binary(max_size=100))
def test_no_bytes_break_the_reader(sent: bytes) -> None:
    received = bytearray(sent)
    try:
        while take_request(received) is not None:
            pass
    except BadRequestError:
        pass


@pytest.mark.parametrize("protocol", [2, 3])
def test_what_is_written_can_be_read(protocol: int) -> None:
    answer: Any = [{"a": "1", "b": ["x", None]}, 3, "text", None]
    found = read(written(answer, protocol))
    assert found is not None
    whole = [{b"a": b"1", b"b": [b"x", None]}, 3, b"text", None]
    assert found[0] == (whole if protocol == 3 else [[b"a", b"1", b"b", [b"x", None]], 3, b"text", None])


@pytest.mark.parametrize(
    ("pattern", "hit", "missed"),
    [
        ("*", "+sdown", None),
        ("+s*", "+switch-master", "-sdown"),
        ("?sdown", "-sdown", "++sdown"),
        ("[+-]odown", "-odown", "odown"),
        ("[^+]sdown", "-sdown", "+sdown"),
        ("[a-c]x", "bx", "dx"),
        ("\\*x", "*x", "yx"),
        ("a[b", "a[b", "ab"),
        ("[]x", "[]x", "x"),
        ("[c-a]", "b", "d"),
    ],
)
def test_patterns(pattern: str, hit: str, missed: str | None) -> None:
    assert glob(pattern).fullmatch(hit)
    assert missed is None or not glob(pattern).fullmatch(missed)


def test_nothing_is_told_of_what_stays() -> None:
    assert list(news(WHOLE, WHOLE)) == []
    assert dict(news(Picture("orders"), WHOLE)) == {
        "+slave": "slave 127.0.0.1:7003 127.0.0.1 7003 @ orders 127.0.0.1 7001"
    }
    moved = replace(WHOLE, primary=replace(ONE, run_id="fresh"), replicas=(TWO, THREE))
    assert list(news(WHOLE, moved)) == [("+reboot", "master orders 127.0.0.1 7001")]
