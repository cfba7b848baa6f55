"""pymemcache's clients, unmodified: one connection, a pool of them, many servers, and ElastiCache's auto-discovery.

The last is pymemcache's own AWSElastiCacheHashClient as django-elastipymemcache publishes it: pymemcache's releases
leave it out.
"""

import threading
from collections.abc import Callable, Iterator

import pytest
from django_elastipymemcache.client import AWSElastiCacheClient
from pymemcache import serde
from pymemcache.client.base import Client, PooledClient
from pymemcache.client.hash import HashClient
from pymemcache.exceptions import MemcacheClientError, MemcacheServerError

from tests.servers import Server

MAKERS: dict[str, Callable[[Server], Client]] = {
    "Client": lambda server: Client(server.address, timeout=5, serde=serde.pickle_serde),
    "PooledClient": lambda server: PooledClient(server.address, timeout=5, max_pool_size=4, serde=serde.pickle_serde),
    "HashClient": lambda server: HashClient([server.endpoint], timeout=5, serde=serde.pickle_serde),
    "AWSElastiCacheClient": lambda server: AWSElastiCacheClient(server.endpoint, timeout=5, serde=serde.pickle_serde),
}


@pytest.fixture(params=MAKERS)
def client(request: pytest.FixtureRequest, endpoint: Server) -> Iterator[Client]:
    made = MAKERS[request.param](endpoint)
    made.flush_all()
    yield made
    made.close()


def test_what_is_set_is_got(client: Client) -> None:
    value = {"name": "Ada", "tags": ["a", "b"], "raw": b"\x00\r\n\xff"}
    assert client.set("user:1", value)
    assert client.get("user:1") == value
    assert client.get("user:2", default="none") == "none"


def test_many_keys_at_once(client: Client) -> None:
    values = {f"many:{number}": number for number in range(500)}
    assert client.set_many(values) == []
    assert client.get_many([*values, "many:absent"]) == values
    assert client.delete_many(["many:1", "many:2"])
    assert client.get_many(["many:1", "many:2", "many:3"]) == {"many:3": 3}


def test_conditional_writes(client: Client) -> None:
    assert client.add("once", "first", noreply=False)
    assert not client.add("once", "second", noreply=False)
    assert client.replace("once", "third", noreply=False)
    assert not client.replace("never", "x", noreply=False)
    value, cas = client.gets("once")
    assert value == "third"
    assert client.cas("once", "fourth", cas, noreply=False)
    assert client.cas("once", "fifth", cas, noreply=False) is False
    assert client.cas("never", "x", cas, noreply=False) is None


def test_counting(client: Client) -> None:
    assert client.incr("visits", 1) is None
    client.set("visits", 10, noreply=False)
    assert client.incr("visits", 5) == 15
    assert client.decr("visits", 100) == 0


def test_times_to_live(client: Client) -> None:
    client.set("short", "x", expire=-1, noreply=False)
    assert client.get("short") is None
    client.set("long", "x", expire=100, noreply=False)
    assert client.touch("long", 200, noreply=False)
    assert client.get("long") == "x"
    assert client.touch("never", 200, noreply=False) is False


def test_without_replies(client: Client) -> None:
    for number in range(200):
        client.set("quiet", number, noreply=True)
    assert client.get("quiet") == 199
    client.delete("quiet", noreply=True)
    assert client.get("quiet") is None


def test_large_values(client: Client) -> None:
    large = b"x" * 900_000
    assert client.set("large", large, noreply=False)
    assert client.get("large") == large


def test_errors_are_told_and_do_not_stick(endpoint: Server) -> None:
    client = Client(endpoint.address, timeout=5)
    with pytest.raises(MemcacheServerError, match="too large"):
        client.set("huge", b"x" * 2_000_000, noreply=False)
    client.set("word", b"abc", noreply=False)
    with pytest.raises(MemcacheClientError, match="non-numeric"):
        client.incr("word", 1)
    assert client.get("word") == b"abc"
    client.close()


def test_text_joined_to_a_value(endpoint: Server) -> None:
    client = Client(endpoint.address, timeout=5)
    client.set("joined", b"b", noreply=False)
    assert client.append("joined", b"c", noreply=False)
    assert client.prepend("joined", b"a", noreply=False)
    assert client.get("joined") == b"abc"
    client.close()


def test_statistics_and_version(endpoint: Server) -> None:
    client = Client(endpoint.address, timeout=5)
    assert client.version()
    assert b"version" in client.stats()
    client.close()


def test_auto_discovery_finds_the_endpoint(endpoint: Server) -> None:
    """The list in the answer to `config get cluster` is where the client goes."""
    client = AWSElastiCacheClient(endpoint.endpoint, timeout=5)
    assert list(client.clients) == [endpoint.endpoint]
    client.close()


def test_pymemcaches_own_way_of_discovery(endpoint: Server) -> None:
    """It reads up to these bytes and takes the last line, on which every server has a name, an address and a port."""
    client = Client(endpoint.address, timeout=5)
    *_, servers = client.raw_command(b"config get cluster", end_tokens=b"\n\r\nEND\r\n").splitlines()
    client.close()
    found = [tuple(server.split("|")[1:]) for server in servers.decode().split(" ")]
    assert found == [tuple(endpoint.endpoint.split(":"))]


def test_many_threads_share_a_pool(endpoint: Server) -> None:
    client = PooledClient(endpoint.address, timeout=5, max_pool_size=8)
    wrong: list[object] = []

    def work(name: int) -> None:
        for number in range(200):
            key = f"thread:{name}:{number}"
            client.set(key, key.encode(), noreply=False)
            if (got := client.get(key)) != key.encode():
                wrong.append((key, got))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.close()
    assert not wrong
