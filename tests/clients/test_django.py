"""Django's cache through PyMemcacheCache, and through the ElastiCache backend that discovers its servers."""

from collections.abc import Iterator
from typing import Any

import django
import pytest
from django.conf import settings
from django.core.cache import CacheHandler

from tests.servers import Server

BACKENDS = {
    "PyMemcacheCache": "django.core.cache.backends.memcached.PyMemcacheCache",
    "ElastiPymemcache": "django_elastipymemcache.backend.ElastiPymemcache",
}


@pytest.fixture(params=BACKENDS)
def cache(request: pytest.FixtureRequest, endpoint: Server) -> Iterator[Any]:
    if not settings.configured:
        settings.configure()
        django.setup()
    caches = CacheHandler({"default": {"BACKEND": BACKENDS[request.param], "LOCATION": endpoint.endpoint}})
    caches["default"].clear()
    yield caches["default"]
    caches.close_all()


def test_get_and_set(cache: Any) -> None:
    cache.set("user", {"name": "Ada"}, timeout=100)
    assert cache.get("user") == {"name": "Ada"}
    assert cache.get("absent", "none") == "none"
    assert cache.add("user", 1) is False
    assert cache.delete("user") is True
    assert cache.get("user") is None


def test_many(cache: Any) -> None:
    values = {f"key {number}".replace(" ", "-"): number for number in range(200)}
    assert cache.set_many(values) == []
    assert cache.get_many(values) == values
    cache.delete_many(values)
    assert cache.get_many(values) == {}


def test_touch_count_and_get_or_set(cache: Any) -> None:
    assert cache.get_or_set("made", lambda: 41, 100) == 41
    assert cache.incr("made") == 42
    assert cache.touch("made", 1000)
    assert not cache.touch("absent")
    with pytest.raises(ValueError, match="absent"):
        cache.incr("absent")


def test_versions(cache: Any) -> None:
    cache.set("page", "old", version=1)
    cache.incr_version("page")
    assert cache.get("page", version=1) is None
    assert cache.get("page", version=2) == "old"
