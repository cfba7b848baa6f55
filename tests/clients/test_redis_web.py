"""Flask-Session, Django's own Redis cache and django-redis with a Redis-mode node behind them."""

from collections.abc import Iterator
from typing import Any

import django
import pytest
import redis
from django.conf import settings
from django.core.cache import CacheHandler

from tests.clients.test_flask_session import application
from tests.servers import Server

BACKENDS = {"Django": "django.core.cache.backends.redis.RedisCache", "django-redis": "django_redis.cache.RedisCache"}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_session_is_everywhere(redis_mode: Server) -> None:
    with redis.Redis(redis_mode.host, redis_mode.port, db=7) as client:
        client.flushdb()
        shared = {"SESSION_TYPE": "redis", "SESSION_REDIS": client}
        first, second = application(dict(shared)), application(dict(shared))
        browser, elsewhere = first.test_client(use_cookies=False), second.test_client(use_cookies=False)
        assert browser.get("/user").text == "nobody"
        cookie = {"Cookie": browser.post("/login/ada").headers["Set-Cookie"].split(";")[0]}
        assert elsewhere.get("/user", headers=cookie).text == "ada"
        (key,) = client.keys("session:*")
        assert client.ttl(key) > 0
        elsewhere.post("/logout", headers=cookie)
        assert browser.get("/user", headers=cookie).text == "nobody"


@pytest.fixture(params=BACKENDS)
def cache(request: pytest.FixtureRequest, redis_mode: Server) -> Iterator[Any]:
    if not settings.configured:
        settings.configure()
        django.setup()
    caches = CacheHandler(
        {"default": {"BACKEND": BACKENDS[request.param], "LOCATION": f"redis://{redis_mode.endpoint}/8"}}
    )
    caches["default"].clear()
    yield caches["default"]
    caches.close_all()


def test_get_and_set(cache: Any) -> None:
    cache.set("user", {"name": "Ada"}, timeout=100)
    assert cache.get("user") == {"name": "Ada"}
    assert cache.get("absent", "none") == "none"
    assert cache.add("user", 1) is False
    assert cache.delete("user") in (True, 1)
    assert cache.get("user") is None


def test_many(cache: Any) -> None:
    values = {f"key-{number}": number for number in range(200)}
    assert cache.set_many(values) in ([], None)
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


def test_what_only_django_redis_has(redis_mode: Server) -> None:
    options = {"BACKEND": BACKENDS["django-redis"], "LOCATION": f"redis://{redis_mode.endpoint}/8"}
    caches = CacheHandler({"default": options})
    cache: Any = caches["default"]
    cache.clear()
    cache.set("user:1", "a", timeout=None)
    cache.set("user:2", "b", timeout=100)
    assert cache.ttl("user:1") is None
    assert 0 < cache.ttl("user:2") <= 100
    assert set(cache.iter_keys("user:*")) == {"user:1", "user:2"}
    assert cache.expire("user:1", timeout=50)
    with cache.lock("lock", timeout=5):
        assert cache.set("user:1", "c", nx=True) is False
    assert cache.delete_pattern("user:*") == 2
    caches.close_all()
