"""Many clients that pipeline and never read, or stop half-way: what is held for all of them together is bounded by a
setting. Who reads is served as before and keeps its connection."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.connection import Connection, ask, statistics
from tests.servers import Server, start_node, start_proxy_over_nodes, wait_for

MEBIBYTE = 1 << 20
BOUND = 32 * MEBIBYTE
LARGE = 500_000
GREEDY = 300
ROUNDS = 20


@pytest.fixture(params=["node", "proxy"], scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    bound = ("--threads", "2", "--clients-memory", "32m")
    made = start_node(*bound) if request.param == "node" else start_proxy_over_nodes(3, *bound)
    assert ask(made.address, b"set large 0 0 %d\r\n%b\r\n" % (LARGE, b"l" * LARGE)) == b"STORED\r\n"
    yield made
    made.stop()


def held(server: Server) -> int:
    return int(statistics(server.address)["response_obj_bytes"])


def shed(server: Server) -> int:
    return int(statistics(server.address)["response_obj_oom"])


def connections(server: Server) -> int:
    return int(statistics(server.address)["curr_connections"])


def greedy_client(server: Server) -> Connection:
    """One that asks for ten megabytes and reads nothing."""
    connection = Connection(server.address)
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.send(b"get large\r\n" * ROUNDS)
    return connection


def test_what_many_that_never_read_are_owed_is_bounded(server: Server) -> None:
    resident, before = server.resident_bytes(), shed(server)
    answer = b"VALUE large 0 %d\r\n%b\r\nEND\r\n" % (LARGE, b"l" * LARGE)
    with ExitStack() as stack:
        reader = stack.enter_context(Connection(server.address))
        for number in range(GREEDY):
            stack.enter_context(greedy_client(server))
            if number % (GREEDY // ROUNDS) == 0:
                reader.send(b"get large\r\n")
                assert reader.receive_exactly(len(answer)) == answer
        wait_for(lambda: shed(server) >= before + GREEDY // 2, "most of those that never read to be closed")
        wait_for(lambda: held(server) <= BOUND, "what is held to be within the bound")
        # Twice the bound: a buffer may be sent in part, and the system keeps what has just been freed.
        assert server.resident_bytes() < resident + 2 * BOUND + 32 * MEBIBYTE
        assert reader.ask(b"mn\r\n") == b"MN\r\n"
        # The rest of those, the reader, and who asks.
        wait_for(lambda: connections(server) == GREEDY - (shed(server) - before) + 2, "no others to be closed")
    wait_for(lambda: held(server) == 0, "nothing to be held once they are gone")


def test_values_that_never_arrive_in_full_are_bounded(server: Server) -> None:
    before = shed(server)
    with ExitStack() as stack:
        for number in range(2 * BOUND // LARGE):
            connection = stack.enter_context(Connection(server.address))
            connection.send(b"set half:%d 0 0 %d\r\n" % (number, LARGE) + b"h" * (LARGE - 1))
        wait_for(lambda: shed(server) > before, "some of those that stop half-way to be closed")
        wait_for(lambda: held(server) <= BOUND, "what is held to be within the bound")
        assert ask(server.address, b"mn\r\n") == b"MN\r\n"
    wait_for(lambda: held(server) == 0, "nothing to be held once they are gone")
