"""pylibmc, which is libmemcached: the text protocol, also without replies, with its own hashing behind it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.servers import Server, needed_module

pylibmc: Any = needed_module("pylibmc", "libmemcached-dev")


@pytest.fixture
def client(endpoint: Server) -> Iterator[Any]:
    made = pylibmc.Client([endpoint.endpoint], binary=False, behaviors={"cas": True, "tcp_nodelay": True})
    made.flush_all()
    yield made
    made.disconnect_all()


def test_what_is_set_is_got(client: Any) -> None:
    value = {"name": "Ada", "numbers": [1, 2, 3], "raw": b"\x00\r\n"}
    assert client.set("user", value)
    assert client.get("user") == value
    assert client.get("absent") is None
    assert client.delete("user")
    assert not client.delete("user")


def test_many_keys_at_once(client: Any) -> None:
    values = {f"many:{number}": f"value {number}" for number in range(300)}
    assert client.set_multi(values) == []
    assert client.get_multi([*values, "many:absent"]) == values
    client.delete_multi(list(values))
    assert client.get_multi(list(values)) == {}


def test_conditional_writes(client: Any) -> None:
    assert client.add("once", 1)
    assert not client.add("once", 2)
    assert client.replace("once", 3)
    value, cas = client.gets("once")
    assert value == 3
    assert client.cas("once", 4, cas)
    assert not client.cas("once", 5, cas)


def test_counting_and_joining(client: Any) -> None:
    client.set("visits", "10")
    assert client.incr("visits", 5) == 15
    assert client.decr("visits", 10) == 5
    client.set("text", "b")
    assert client.append("text", "c")
    assert client.prepend("text", "a")
    assert client.get("text") == "abc"


def test_without_replies(endpoint: Server) -> None:
    client = pylibmc.Client(
        [endpoint.endpoint], behaviors={"no_block": True, "buffer_requests": True, "_noreply": True}
    )
    for number in range(500):
        client.set(f"quiet:{number}", str(number))
    assert client.get("quiet:499") == "499"
    client.disconnect_all()


def test_large_values(client: Any) -> None:
    large = "x" * 900_000
    assert client.set("large", large)
    assert client.get("large") == large
    with pytest.raises(pylibmc.TooBig):
        client.set("huge", "x" * 2_000_000)
    assert client.get("large") == large


def test_statistics(client: Any) -> None:
    ((_, found),) = client.get_stats()
    assert found["version"]
