"""Ten thousand connections, and more than the process has descriptors for."""

import resource
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.connection import Connection, ask, statistics
from tests.servers import Server, start_node, start_proxy, start_proxy_over_nodes, wait_for

CONNECTIONS = 10_000
IDLE_BYTES_MAX = 2048
"""Of the process, for each connection that has been served and waits."""
DESCRIPTORS_MAX = 100
Started = Callable[[Server], Server]


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """This process needs as many as the server."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + 1000
    assert hard == resource.RLIM_INFINITY or hard >= wanted, f"raise the limit of open files to {wanted} (ulimit -Hn)"
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("name", ["node", "proxy"])
def test_ten_thousand_connections(name: str, many_descriptors: None, started: Started) -> None:
    limit = ("-c", str(CONNECTIONS + 100))
    server = started(start_node(*limit) if name == "node" else start_proxy_over_nodes(1, *limit))
    ask(server.address, b"set key 0 0 5\r\nvalue\r\n")
    reach_every_thread(server)
    descriptors, resident = server.descriptors(), server.resident_bytes()
    with ExitStack() as stack:
        connections = [stack.enter_context(Connection(server.address)) for _ in range(CONNECTIONS)]
        for connection in connections:
            assert connection.ask(b"get key\r\n", b"END\r\n") == b"VALUE key 0 5\r\nvalue\r\nEND\r\n"
        idle_bytes = (server.resident_bytes() - resident) / CONNECTIONS
        print(f"{name}: {idle_bytes:.0f} bytes of memory for an idle connection")
        assert idle_bytes < IDLE_BYTES_MAX
        for connection in connections[::100]:
            assert connection.ask(b"mn\r\n") == b"MN\r\n"
    wait_for(lambda: server.descriptors() <= descriptors, f"descriptors to be {descriptors} again")


def reach_every_thread(server: Server) -> None:
    """Each of a proxy's threads has then connected to the node."""
    connections = [Connection(server.address) for _ in range(64)]
    for connection in connections:
        connection.ask(b"get key\r\n", b"END\r\n")
        connection.close()
    wait_for(lambda: statistics(server.address)["curr_connections"] == "1", "these clients to be gone")


@pytest.mark.parametrize("name", ["node", "proxy"])
def test_no_descriptors_left(name: str, started: Started) -> None:
    """Whoever is connected is served, whoever comes is turned away or waits; with room again, all is well again."""
    server = started(start_with_few_descriptors(name, started))
    with Connection(server.address) as first:
        assert first.ask(b"set key 0 0 5\r\nvalue\r\n") == b"STORED\r\n"
        others = [Connection(server.address) for _ in range(3 * DESCRIPTORS_MAX)]
        for _ in range(100):
            assert first.ask(b"get key\r\n", b"END\r\n") == b"VALUE key 0 5\r\nvalue\r\nEND\r\n"
        assert server.descriptors() <= DESCRIPTORS_MAX
        for connection in others:
            connection.close()
    assert server.is_running()
    wait_for(lambda: answers(server), "new clients to be served")
    assert all(answers(server) for _ in range(2 * DESCRIPTORS_MAX))


def start_with_few_descriptors(name: str, started: Started) -> Server:
    if name == "node":
        return start_node("-c", "5000", "-t", "2", descriptors_max=DESCRIPTORS_MAX)
    behind = started(start_node("-t", "1"))
    return start_proxy([behind.endpoint], "-c", "5000", "--threads", "2", descriptors_max=DESCRIPTORS_MAX)


def answers(server: Server) -> bool:
    try:
        return ask(server.address, b"mn\r\n") == b"MN\r\n"
    except (OSError, TimeoutError):
        return False


def test_more_connections_than_allowed(started: Started) -> None:
    """As memcached says it: the connection too many gets an error and is closed."""
    server = started(start_node("-c", "10", "-t", "2"))
    with ExitStack() as stack:
        first = stack.enter_context(Connection(server.address))
        wait_for(lambda: is_alone(first), "the probe for readiness to be gone")
        others = [stack.enter_context(Connection(server.address)) for _ in range(9)]
        assert all(connection.ask(b"mn\r\n") == b"MN\r\n" for connection in others)
        with Connection(server.address) as eleventh:
            assert eleventh.receive_all() == b"ERROR Too many open connections\r\n"
        others.pop().close()
        wait_for(lambda: answers(server), "room for another client")


def is_alone(connection: Connection) -> bool:
    return b"STAT curr_connections 1\r\n" in connection.ask(b"stats\r\n", b"END\r\n")
