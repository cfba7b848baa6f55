"""A node that resets, closes, answers garbage, half an answer, too much or nothing: only its own keys suffer."""

import socket
from collections.abc import Callable, Iterator

import pytest

from tests.connection import Connection
from tests.faults.load import Load
from tests.faults.scripted import Script, ScriptedNode, reset
from tests.servers import Server, start_node, start_proxy, wait_for

LIMITS = ("--request-timeout", "300ms", "--probe-interval", "50ms", "--probe-interval-max", "200ms", "--threads", "2")


def after(answer: bytes, then: Callable[[socket.socket], None] | None = None) -> Script:
    """Answers whatever comes with this, and then does that (or waits for more)."""

    def script(connection: socket.socket, received: bytes) -> bool:
        connection.sendall(answer)
        if then:
            then(connection)
        return then is None

    return script


def endless(connection: socket.socket, received: bytes) -> bool:
    connection.sendall(b"VALUE key 0 1073741824\r\n")
    while True:
        connection.sendall(b"x" * 65536)


def half_a_hit(connection: socket.socket, received: bytes) -> bool:
    """Begins a right answer to a meta get."""
    for line in received.split(b"\r\n"):
        if line.startswith(b"mg "):
            _, key, *_, opaque = line.split(b" ")
            connection.sendall(b"VA 100 k%b %b\r\nhalf" % (key, opaque))
            return False
    return True


def refuses(connection: socket.socket, received: bytes) -> bool:
    connection.sendall(b"SERVER_ERROR out of memory\r\n" * (received.count(b"mg ") + received.count(b"ms ")))
    return True


SCRIPTS: dict[str, Script] = {
    "resets": after(b"", reset),
    "closes": after(b"", socket.socket.close),
    "says nothing": after(b""),
    "answers words": after(b"hello, who is there?\r\n"),
    "answers bytes": after(bytes(range(256)) * 8),
    "answers without end of line": after(b"a" * 100_000),
    "answers half and closes": after(b"VALUE key 0 100\r\nhalf", socket.socket.close),
    "answers half and resets": after(b"VA 100\r\nhalf", reset),
    "answers half and waits": after(b"VALUE key 0 100\r\nhalf"),
    "begins a right answer and closes": half_a_hit,
    "answers too much": after(b"END\r\n" * 50),
    "answers a wrong length": after(b"VA 5\r\n123456789\r\n"),
    "answers a negative length": after(b"VALUE key 0 -1\r\n\r\nEND\r\n"),
    "answers an absurd length": after(b"VALUE key 0 99999999999999999999\r\n"),
    "answers without end": endless,
    "refuses everything": refuses,
}


@pytest.fixture(scope="module")
def good_node() -> Iterator[Server]:
    node = start_node("-t", "1")
    yield node
    node.stop()


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_a_node_that(script: Script, good_node: Server, started: Callable[[Server], Server]) -> None:
    with ScriptedNode(script) as bad_node:
        proxy = started(start_proxy([bad_node.endpoint, good_node.endpoint], *LIMITS))
        before = proxy.resident_bytes()
        with Load(proxy.address) as load:
            load.wait_for_more("error", 20)
            load.wait_for_more("hit", 300)
            load.wait_for_more("stored", 300)
        assert not load.wrong, load.wrong[:3]
        assert proxy.is_running()
        assert proxy.resident_bytes() < before + (48 << 20)
        wait_for(lambda: every_answer_ends(proxy), "every request to be answered")


def every_answer_ends(proxy: Server) -> bool:
    """One answer a request, whichever node it is for, and the connection stays usable."""
    with Connection(proxy.address) as connection:
        for number in range(50):
            connection.send(b"get key:%d\r\nmn\r\n" % number)
            connection.receive_until(b"MN\r\n")
    return True
