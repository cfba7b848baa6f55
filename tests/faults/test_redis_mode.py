"""What one client does to a Redis-mode node, the others hardly feel: scripts that loop, readers that don't read, keys
that are hot or huge. What it costs is bounded, and it is over when the client goes."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from memcluster.redis.watch import LOOK_SECONDS
from tests.connection import Connection, ask
from tests.servers import Server, start_redis_mode, wait_for
from tests.wire.redis_differential.case import encode

MEBIBYTE = 1 << 20
LARGE = 500_000
GREEDY = 8
BUSY_MS = 100
MEMBERS = 1_000_000
PIPELINED = 200_000
PATIENCE_SECONDS = 20.0
ROUNDS_MAX = 8
SHARE_MAX = 0.1

LOOP = "local n = redis.call('GET', KEYS[1]) while n == 'loop' do end return n"
WRITING_LOOP = "redis.call('SET', KEYS[1], 'written') while true do end"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = start_redis_mode(
        "--threads", "2", "--busy-reply-threshold", str(BUSY_MS), "--client-output-buffer-limit", "pubsub 8mb 0 0"
    )
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def emptied(server: Server) -> None:
    assert say(server, "FLUSHDB") == b"+OK\r\n"


def say(server: Server, *words: str) -> bytes:
    """One command on a connection of its own, whose answer is one line, or two."""
    return ask(server.address, request(*words))


def request(*words: object) -> bytes:
    return encode(str(word).encode() for word in words)


def seats(server: Server, count: int = 8) -> list[Connection]:
    """Connections to all of the node's threads."""
    return [Connection(server.address, PATIENCE_SECONDS) for _ in range(count)]


@contextmanager
def closing_all(connections: list[Connection]) -> Iterator[list[Connection]]:
    yield connections
    for connection in connections:
        connection.close()


def free_seat(connections: list[Connection], key: str) -> Connection:
    """One that is told that the key's script is overdue: it is on another thread than the script."""

    def told() -> Connection | None:
        for connection in connections:
            if connection.receive_more(0.001) and connection.received.endswith(b"\r\n"):
                answer, connection.received = connection.received, b""
                if answer.startswith(b"-BUSY"):
                    return connection
                connection.send(request("EXISTS", key))
        return None

    for connection in connections:
        connection.send(request("EXISTS", key))
    return wait_for(told, "the script to be overdue", PATIENCE_SECONDS)


def test_a_script_that_loops_over_its_own_keys_disturbs_no_others(server: Server) -> None:
    """It runs well once, so that it is known which keys it touches. The key that it holds is busy, and nothing else."""
    assert say(server, "EVAL", LOOP, "1", "held") == b"$-1\r\n"
    assert say(server, "SET", "held", "loop") == b"+OK\r\n"
    with closing_all(seats(server)) as others, Connection(server.address, PATIENCE_SECONDS) as looping:
        looping.send(request("EVAL", LOOP, "1", "held"))
        free = free_seat(others, "held")
        answers = [free.ask(request("SET", f"other:{number}", "1")) for number in range(50)]
        # Some of these keys share a shard with the one that is held.
        assert all(answer == b"+OK\r\n" or answer.startswith(b"-BUSY") for answer in answers)
        assert answers.count(b"+OK\r\n") > len(answers) / 2
        assert free.ask(request("SCRIPT", "KILL")) == b"+OK\r\n"
        assert b"killed by user" in looping.receive_until(b"\r\n")
    assert say(server, "STRLEN", "held") == b":4\r\n"
    assert say(server, "SCRIPT", "KILL").startswith(b"-NOTBUSY")


def test_a_script_that_loops_is_killed_and_who_waited_goes_on(server: Server) -> None:
    """One that has never run holds everything. Who is on its thread waits, the others are told; all are served then."""
    with closing_all(seats(server)) as waiting, Connection(server.address, PATIENCE_SECONDS) as looping:
        looping.send(request("EVAL", "while true do end", "0"))
        free = free_seat(waiting, "any")
        assert say(server, "PING") == b"+PONG\r\n", "new connections come to threads that serve"
        assert free.ask(request("SCRIPT", "KILL")) == b"+OK\r\n"
        assert b"killed by user" in looping.receive_until(b"\r\n")
        for connection in waiting:
            connection.send(request("ECHO", "end"))
            assert connection.receive_until(b"$3\r\nend\r\n")
    assert say(server, "SET", "any", "1") == b"+OK\r\n"


def test_a_script_that_has_written_ends_with_its_node() -> None:
    server = start_redis_mode("--threads", "2", "--busy-reply-threshold", str(BUSY_MS))
    try:
        with closing_all(seats(server)) as others, Connection(server.address) as looping:
            looping.send(request("EVAL", WRITING_LOOP, "1", "key"))
            free = free_seat(others, "key")
            assert free.ask(request("SCRIPT", "KILL")).startswith(b"-UNKILLABLE")
            # The node has looked at itself meanwhile, and was not kept by the script.
            until = time.monotonic() + 2 * LOOK_SECONDS
            wait_for(lambda: time.monotonic() > until, "more than a look")
            free.send(request("SHUTDOWN", "NOSAVE"))
            assert server.process.wait(PATIENCE_SECONDS) == 0
    finally:
        server.stop()


def test_many_that_never_read(server: Server) -> None:
    """Each asks for 100 MB. What waits for them is bounded, and nothing is left of it."""
    assert say(server, "SETRANGE", "large", str(LARGE - 1), "x") == b":%d\r\n" % LARGE
    descriptors, resident = server.descriptors(), server.resident_bytes()
    greedy = [Connection(server.address) for _ in range(GREEDY)]
    for connection in greedy:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.socket.setblocking(False)
        connection.socket.send(request("GET", "large") * 200)
    assert all(say(server, "SET", f"key:{number}", "1") == b"+OK\r\n" for number in range(100))
    assert server.resident_bytes() < resident + 64 * MEBIBYTE
    for connection in greedy:
        connection.close()
    wait_for(lambda: server.descriptors() <= descriptors, "these clients to be gone")


@pytest.mark.parametrize(
    "claim", ["*2\r\n$3\r\nGET\r\n$536870912\r\nx", "*1048576\r\n$3\r\nGET\r\n", "*2147483647\r\n"]
)
def test_what_is_only_claimed_takes_no_memory(server: Server, claim: str) -> None:
    resident = server.resident_bytes()
    claiming = [Connection(server.address) for _ in range(200)]
    for connection in claiming:
        connection.send(claim.encode())
    assert say(server, "PING") == b"+PONG\r\n"
    assert server.resident_bytes() < resident + 16 * MEBIBYTE
    for connection in claiming:
        connection.close()


def test_a_subscriber_that_never_reads_is_let_go(server: Server) -> None:
    with Connection(server.address) as deaf:
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.send(request("SUBSCRIBE", "news"))
        deaf.receive_until(b":1\r\n")
        resident = server.resident_bytes()
        with Connection(server.address) as speaking:
            message = request("PUBLISH", "news", "x" * 100_000)
            wait_for(lambda: speaking.ask(message) == b":0\r\n", "the subscriber to be let go", PATIENCE_SECONDS)
        assert server.resident_bytes() < resident + 64 * MEBIBYTE


def test_a_long_pipeline_leaves_room_for_others(server: Server) -> None:
    """Others on its thread are served between its requests: before it has got half of its answers."""
    served = []
    with closing_all(seats(server)) as others:
        # A busy machine takes any process off its processor now and then: once is enough.
        while not served or (min(served) >= PIPELINED / 2 and len(served) < ROUNDS_MAX):
            served.append(served_before(server, others))
    assert min(served) < PIPELINED / 2, served


def served_before(server: Server, others: list[Connection]) -> int:
    """How much of a long pipeline is done when the others have their answers."""
    assert say(server, "SET", "hot", "0") == b"+OK\r\n"
    with Connection(server.address, PATIENCE_SECONDS) as hot:
        sender = threading.Thread(target=hot.send, args=(request("INCR", "hot") * PIPELINED,))
        sender.start()
        answered = [connection.ask(request("PING")) for connection in others]
        done = int(say(server, "INCRBY", "hot", "0")[1:])
        assert answered == [b"+PONG\r\n"] * len(others)
        last = b":%d\r\n" % PIPELINED
        while not hot.received.endswith(last):
            assert hot.receive_more(PATIENCE_SECONDS)
        sender.join()
    return done


@pytest.mark.parametrize("removal", ["DEL huge", "SET huge small", "RENAME other huge", "FLUSHDB", "PEXPIRE huge 1"])
def test_a_huge_value_goes_without_stalling_anyone(server: Server, million: str, removal: str) -> None:
    """To take a million members apart costs about as much as to put them together: nobody waits a tenth of that."""
    shares = []
    for _ in range(ROUNDS_MAX):
        with Connection(server.address, PATIENCE_SECONDS) as connection:
            connection.ask(request("SELECT", 1))
            making = timed(connection, f"COPY {million} huge DB 0 REPLACE")
            connection.ask(request("SELECT", 0))
            connection.ask(request("SET", "other", "1"))
            waits = [timed(connection, removal)]
            until = time.monotonic() + 2 * making
            while time.monotonic() < until:
                waits.append(timed(connection, "EXISTS other"))
            assert connection.ask(request("TYPE", "huge")) != b"+set\r\n"
        shares.append(max(waits) / making)
        # A busy machine takes any process off its processor now and then: once is enough.
        if shares[-1] < SHARE_MAX:
            return
    raise AssertionError(f"somebody waited for these shares of the time it takes to make it: {shares}")


@pytest.fixture(scope="module")
def million(server: Server) -> str:
    """A set of that many members, in database 1."""
    with Connection(server.address, PATIENCE_SECONDS) as connection:
        connection.ask(request("SELECT", 1))
        for first in range(0, MEMBERS, 10_000):
            members = (f"member:{number}" for number in range(first, first + 10_000))
            assert connection.ask(request("SADD", "million", *members)) == b":10000\r\n"
    return "million"


def timed(connection: Connection, line: str) -> float:
    before = time.monotonic()
    connection.ask(request(*line.split()))
    return time.monotonic() - before
