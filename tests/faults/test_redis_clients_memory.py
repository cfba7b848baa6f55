"""`maxmemory-clients` and `client-output-buffer-limit` of Redis mode, held against redis-server where it is installed:
who is closed for what is held for it, and who is not."""

import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from tests.connection import Connection, ask
from tests.groups.running import receive
from tests.servers import Server, start_redis, start_redis_mode, wait_for
from tests.wire.redis_differential.case import encode

MEBIBYTE = 1 << 20
BOUND = 16 * MEBIBYTE
VALUE = 3 * MEBIBYTE


def request(*words: object) -> bytes:
    return encode(str(word).encode() for word in words)


def say(server: Server, *words: object) -> bytes:
    """One command on a connection of its own, whose answer is one line."""
    return ask(server.address, request(*words))


@pytest.fixture(params=["redis-mode", "redis"], scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    made = start_redis_mode("--io-threads", "2") if request.param == "redis-mode" else start_redis()
    assert say(made, "SET", "value", "v" * VALUE) == b"+OK\r\n"
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def without_limits(server: Server) -> None:
    assert say(server, "CONFIG", "SET", "maxmemory-clients", 0) == b"+OK\r\n"
    assert say(server, "CONFIG", "SET", "client-output-buffer-limit", "normal 0 0 0") == b"+OK\r\n"
    wait_for(lambda: held(server) < MEBIBYTE, "nothing to be held")


def info(server: Server, section: str, name: str) -> int:
    with Connection(server.address) as connection:
        connection.send(request("INFO", section))
        connection.receive_until(f"\r\n{name}:".encode())
        return int(connection.receive_until(b"\r\n"))


def held(server: Server) -> int:
    return info(server, "memory", "mem_clients_normal")


def evicted(server: Server) -> int:
    return info(server, "stats", "evicted_clients")


def unfinished(server: Server, length: int) -> Connection:
    """A client in the middle of a request."""
    connection = Connection(server.address)
    with suppress(OSError):  # It may be closed before all of it is sent.
        connection.send(b"*3\r\n$3\r\nSET\r\n$4\r\nhalf\r\n$%d\r\n" % (length + 1) + b"h" * length)
    return connection


def not_reading(server: Server) -> Connection:
    connection = Connection(server.address)
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    return connection


def is_open(connection: Connection) -> bool:
    return connection.ask(request("PING")) == b"+PONG\r\n"


def is_closed(connection: Connection) -> bool:
    connection.receive_more(0.001)
    return connection.is_ended


@contextmanager
def closing_all(connections: Iterable[Connection]) -> Iterator[list[Connection]]:
    with ExitStack() as stack:
        yield [stack.enter_context(connection) for connection in connections]


def test_the_largest_requests_go_first(server: Server) -> None:
    before = evicted(server)
    # A buffer doubles as it grows: with a little less than a power of two it has little room.
    with closing_all(unfinished(server, size * MEBIBYTE - 100_000) for size in (1, 8, 2, 4)) as clients:
        wait_for(lambda: held(server) >= 14 * MEBIBYTE, "the requests to be held")
        assert evicted(server) == before
        assert say(server, "CONFIG", "SET", "maxmemory-clients", 12 * MEBIBYTE) == b"+OK\r\n"
        wait_for(lambda: is_closed(clients[1]), "the largest to be closed")
        wait_for(lambda: held(server) <= 12 * MEBIBYTE, "what is held to be within the bound")
        assert evicted(server) == before + 1
        assert not any(is_closed(clients[number]) for number in (0, 2, 3))


def test_replies_that_are_not_read_are_bounded(server: Server) -> None:
    assert say(server, "CONFIG", "SET", "maxmemory-clients", BOUND) == b"+OK\r\n"
    before = evicted(server)
    with Connection(server.address) as reader, closing_all(not_reading(server) for _ in range(20)) as greedy:
        for connection in greedy:
            connection.send(request("GET", "value") * 10)
        wait_for(lambda: evicted(server) > before + 10, "those that do not read to be closed")
        wait_for(lambda: held(server) <= BOUND, "what is held to be within the bound")
        assert is_open(reader)


def test_queued_commands_count(server: Server) -> None:
    assert say(server, "CONFIG", "SET", "maxmemory-clients", BOUND) == b"+OK\r\n"
    before = evicted(server)
    with Connection(server.address) as queueing:
        assert queueing.ask(request("MULTI")) == b"+OK\r\n"
        with suppress(OSError):  # It is closed before it has queued all of them.
            for _ in range(20):
                queueing.ask(request("SET", "key", "v" * MEBIBYTE))
        wait_for(lambda: evicted(server) == before + 1, "it to be counted")


def test_a_client_that_is_not_to_be_evicted_stays(server: Server) -> None:
    assert say(server, "CONFIG", "SET", "maxmemory-clients", BOUND) == b"+OK\r\n"
    with Connection(server.address) as kept:
        assert kept.ask(request("CLIENT", "NO-EVICT", "ON")) == b"+OK\r\n"
        kept.send(b"*3\r\n$3\r\nSET\r\n$4\r\nkept\r\n$%d\r\n" % (2 * BOUND) + b"k" * (2 * BOUND - 1))
        kept.send(b"k\r\n")
        assert kept.receive_until(b"\r\n") == b"+OK\r\n"
        assert kept.ask(request("DEL", "kept")) == b":1\r\n"


def test_a_share_of_maxmemory(server: Server) -> None:
    assert say(server, "CONFIG", "SET", "maxmemory", 400 * MEBIBYTE) == b"+OK\r\n"
    assert say(server, "CONFIG", "SET", "maxmemory-clients", "1%") == b"+OK\r\n"
    with unfinished(server, 6 * MEBIBYTE) as client:
        wait_for(lambda: is_closed(client), "who holds more than a hundredth to be closed")
    assert say(server, "CONFIG", "SET", "maxmemory", 0) == b"+OK\r\n"


def test_the_hard_limit_of_a_reply(server: Server) -> None:
    assert say(server, "CONFIG", "SET", "client-output-buffer-limit", "normal 2mb 0 0") == b"+OK\r\n"
    with Connection(server.address) as client:
        client.send(request("GET", "value") * 5)
        assert len(client.receive_all()) < 5 * VALUE
    assert say(server, "STRLEN", "value") == b":%d\r\n" % VALUE


def test_the_soft_limit_of_a_reply(server: Server) -> None:
    assert say(server, "CONFIG", "SET", "client-output-buffer-limit", "normal 0 256kb 1") == b"+OK\r\n"
    with not_reading(server) as slow, Connection(server.address) as reader:
        number = int(slow.ask(request("CLIENT", "ID"))[1:])
        slow.send(request("GET", "value") * 10)
        # Redis looks at it when it adds to the reply; ours, about ten times a second.
        wait_for(lambda: _is_gone(reader, number, slow), "who has not read for a second to be closed")
        assert is_open(reader)


def _is_gone(reader: Connection, number: int, slow: Connection) -> bool:
    with suppress(OSError):
        slow.send(request("PING"))
    reader.send(request("CLIENT", "LIST", "ID", number))
    return not receive(reader)
