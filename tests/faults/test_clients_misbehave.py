"""Clients that send garbage, read nothing, stop half-way or vanish: others are served, and nothing is left of them."""

import socket
import struct
from collections.abc import Iterator
from random import Random

import pytest

from tests.connection import Connection, ask, open_socket, statistics
from tests.servers import Server, start_node, start_proxy_over_nodes, wait_for

LARGE = 500_000
MEDIUM = 20_000
GREEDY = 8
UNDER_WAY = 16
"""So many answers at first may be under way to one client of the proxy, whatever their size."""
MEBIBYTE = 1 << 20


@pytest.fixture(params=["node", "proxy"], scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    made = start_node("-t", "2") if request.param == "node" else start_proxy_over_nodes(3, "--threads", "2")
    for key, length in ((b"large", LARGE), (b"medium", MEDIUM)):
        assert ask(made.address, b"set %b 0 0 %d\r\n%b\r\n" % (key, length, b"l" * length)) == b"STORED\r\n"
    reach_every_node(made)
    yield made
    made.stop()


def reach_every_node(server: Server) -> None:
    """Each of a proxy's threads has then connected to each node."""
    connections = [Connection(server.address) for _ in range(32)]
    for connection in connections:
        connection.ask(b"get " + b" ".join(b"%d" % key for key in range(100)) + b"\r\n", b"END\r\n")
        connection.close()
    wait_for(lambda: statistics(server.address)["curr_connections"] == "1", "these clients to be gone")


def is_served(server: Server) -> bool:
    key = b"served:%d" % server.port
    return (
        ask(server.address, b"set %b 0 0 2\r\nok\r\n" % key) == b"STORED\r\n"
        and ask(server.address, b"get %b\r\n" % key, b"END\r\n") == b"VALUE %b 0 2\r\nok\r\nEND\r\n" % key
    )


def wait_until_it_is_as_before(server: Server, descriptors: int) -> None:
    wait_for(lambda: server.descriptors() <= descriptors, f"descriptors to be {descriptors} again")
    assert is_served(server)


def test_garbage(server: Server) -> None:
    descriptors = server.descriptors()
    random = Random(7)
    for length in (1, 10, 100, 1000, 5000, 100_000) * 5:
        with Connection(server.address) as connection:
            try:
                connection.send(random.randbytes(length) + b"\r\n")
                connection.finish_sending()
                connection.receive_all()
            except OSError:
                """A server that has had enough closes."""
    wait_until_it_is_as_before(server, descriptors)


def test_a_line_without_end(server: Server) -> None:
    descriptors, resident = server.descriptors(), server.resident_bytes()
    with Connection(server.address) as connection:
        assert is_cut_off(connection)
    assert server.resident_bytes() < resident + 32 * MEBIBYTE
    wait_until_it_is_as_before(server, descriptors)


def is_cut_off(connection: Connection) -> bool:
    try:
        for _ in range(512):
            connection.send(b"g" * MEBIBYTE)
            connection.receive_more(0.001)
    except OSError:
        return True
    return connection.is_ended


def test_a_slow_reader_gets_everything(server: Server) -> None:
    with Connection(server.address, timeout=30) as connection:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.send(b"get large\r\n" * 30 + b"mn\r\n")
        one = b"VALUE large 0 %d\r\n%b\r\nEND\r\n" % (LARGE, b"l" * LARGE)
        for _ in range(30):
            assert connection.receive_exactly(len(one)) == one
        assert connection.receive_exactly(4) == b"MN\r\n"


def test_many_that_never_read(server: Server) -> None:
    """Each asks for 100 MB. What waits for them is bounded."""
    descriptors, resident = server.descriptors(), server.resident_bytes()
    greedy = [Connection(server.address) for _ in range(GREEDY)]
    for connection in greedy:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.socket.setblocking(False)
        connection.socket.send(b"get large\r\n" * 200)
    assert all(is_served(server) for _ in range(200))
    assert server.resident_bytes() < resident + 1.25 * GREEDY * UNDER_WAY * LARGE
    for connection in greedy:
        connection.close()
    wait_until_it_is_as_before(server, descriptors)


@pytest.mark.parametrize("is_reset", [False, True], ids=["closes", "resets"])
@pytest.mark.parametrize(
    "sent",
    [
        b"set half 0 0 100000\r\n" + b"h" * 50_000,
        b"set half 0",
        b"get medium\r\n" * 20,
        b"mg large v\r\nms half 10\r\n",
    ],
    ids=["in a value", "in a line", "before the answer", "between"],
)
def test_a_client_that_leaves(sent: bytes, is_reset: bool, server: Server) -> None:
    descriptors, resident = server.descriptors(), server.resident_bytes()
    for _ in range(150):
        connection = open_socket(server.address)
        connection.sendall(sent)
        if is_reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    wait_until_it_is_as_before(server, descriptors)
    assert server.resident_bytes() < resident + 32 * MEBIBYTE
    assert ask(server.address, b"get half\r\n") == b"END\r\n"


def test_half_a_command_for_ever(server: Server) -> None:
    """Whoever sends the rest later is served then."""
    waiting = [Connection(server.address) for _ in range(100)]
    for number, connection in enumerate(waiting):
        connection.send(b"set slow:%d 0 0 10\r\n12345" % number)
    assert is_served(server)
    for connection in waiting:
        assert connection.ask(b"67890\r\n") == b"STORED\r\n"
        connection.close()


def test_a_client_that_has_sent_all_is_still_answered(server: Server) -> None:
    with Connection(server.address) as connection:
        connection.send(b"get large\r\nget nothing\r\nmn\r\n")
        connection.finish_sending()
        assert connection.receive_all().endswith(b"END\r\nEND\r\nMN\r\n")
