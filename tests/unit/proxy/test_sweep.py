"""Sweeping a node: only the keys asked for go, whatever bytes they are made of."""

from functools import partial

import pytest
import trio

from memcluster.proxy.sweep import deletion, keys_of, sweep
from memcluster.proxy.transport import Network, Refused
from tests.connection import Connection
from tests.servers import start_memcached, start_node

PLAIN = [b"stay:%d" % number for number in range(3000)] + [b"go:%d" % number for number in range(3000)]
ODD = [b"go:%", b"go:\xff\xfe", b"go:\xc3\xa4"]
BINARY = b"go: space\n"


@pytest.fixture(params=[start_memcached, start_node], ids=["memcached", "node"])
def server(request):
    found = request.param()
    yield found
    found.stop()


def test_lines_of_a_dump_are_read():
    lines = [b"OK", b"key=a%20b exp=-1 la=1 cas=2 fetch=no cls=1 size=63", b"key=c exp=9 la=1", b"END"]
    assert keys_of(lines) == [b"a b", b"c"]


def test_odd_keys_are_deleted_in_base64():
    assert deletion(b"plain") == b"delete plain noreply\r\n"
    assert deletion(b"a b") == b"md YSBi b q\r\n"


async def test_only_strays_go(server):
    with Connection(server.address) as client:
        for key in PLAIN + ODD:
            client.send(b"set %s 0 0 1 noreply\r\nx\r\n" % key)
        assert client.ask(b"ms Z286IHNwYWNlCg== 1 b\r\nx\r\n") == b"HD\r\n"
        swept = await sweep(server.endpoint, lambda key: key.startswith(b"go:"))
        assert swept == 3000 + len(ODD) + 1
        left = client.ask(b"get " + b" ".join(PLAIN + ODD) + b"\r\n", b"END\r\n")
        assert left.count(b"VALUE stay:") == 3000
        assert b"VALUE go:" not in left
        assert client.ask(b"mg Z286IHNwYWNlCg== b v\r\n") == b"EN\r\n"


async def test_a_node_that_tells_no_keys_is_named():
    server = start_memcached("-X")
    try:
        with pytest.raises(Refused, match="metadump not allowed"):
            await sweep(server.endpoint, lambda _: True)
    finally:
        server.stop()


async def test_a_node_that_refuses_to_flush_is_named():
    server = start_memcached("-F")
    try:
        await Network().version(server.endpoint)
        with pytest.raises(Refused, match="flush_all not allowed"):
            await Network().flush(server.endpoint)
    finally:
        server.stop()


async def test_closing_is_a_failure():
    async def close(stream):
        await stream.aclose()

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, close, 0, host="127.0.0.1"))
        port = listeners[0].socket.getsockname()[1]
        with pytest.raises((Refused, OSError, trio.BrokenResourceError)):
            await Network().version(f"127.0.0.1:{port}")
        nursery.cancel_scope.cancel()
