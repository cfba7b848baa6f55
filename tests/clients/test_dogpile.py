"""dogpile.cache's regions on its pymemcache backend, with its lock that lets only one of many make a value."""

import threading
from typing import Any

import pytest
from dogpile.cache import CacheRegion, make_region
from dogpile.cache.api import NO_VALUE

from tests.servers import Server


@pytest.fixture
def region(endpoint: Server) -> CacheRegion:
    arguments = {"url": [endpoint.endpoint], "distributed_lock": True, "memcached_expire_time": 100}
    return make_region().configure("dogpile.cache.pymemcache", expiration_time=50, arguments=arguments)


def test_get_set_and_delete(region: CacheRegion) -> None:
    region.set("dogpile:1", {"name": "Ada"})
    assert region.get("dogpile:1") == {"name": "Ada"}
    region.delete("dogpile:1")
    assert region.get("dogpile:1") is NO_VALUE


def test_many(region: CacheRegion) -> None:
    region.set_multi({f"dogpile:many:{number}": number for number in range(100)})
    keys = [f"dogpile:many:{number}" for number in range(101)]
    get_multi: Any = region.get_multi
    assert get_multi(keys) == [*range(100), NO_VALUE]
    region.delete_multi(keys)
    assert get_multi(keys[:2]) == [NO_VALUE, NO_VALUE]


def test_only_one_of_many_makes_the_value(region: CacheRegion) -> None:
    region.delete("dogpile:made")
    made: list[str] = []
    begin = threading.Barrier(6)

    @region.cache_on_arguments(namespace="test", function_key_generator=lambda *_: lambda *_: "dogpile:made")
    def make() -> str:
        made.append("made")
        return "value"

    def ask() -> None:
        begin.wait()
        assert make() == "value"

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == ["made"]
