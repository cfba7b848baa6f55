"""What the churn scenario asks of a server, with a real node in this process."""

import contextlib

from pymemcache import Client

import memcluster
from bench.churn import items


def test_items_are_counted_by_the_server() -> None:
    with memcluster.Node(port=0) as node, contextlib.closing(Client(node.address)) as client:
        port = int(node.address.rpartition(":")[2])
        assert items(port) == 0
        client.set("a", "b", noreply=False)
        assert items(port) == 1
