"""The same with dogpile.cache, whose region lets only one thread make a value that many want at once.

A region notes when each value was made, and decides itself what is too old: while one thread makes the new value, the
others are served the old one. So memcached may drop it only a while after that.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from dogpile.cache import make_region, register_backend
from dogpile.cache.backends.memcached import PyMemcacheBackend
from pymemcache import HashClient

from examples.database_cache.connection import connect
from examples.database_cache.values import Value, pack, unpack

V = TypeVar("V", bound=Value)

REPLACED_WITHIN_SECONDS = 60


class PatientBackend(PyMemcacheBackend):
    """dogpile.cache's own backend knows no timeouts, and raises when the cache is away: this one has our client."""

    def _create_client(self) -> HashClient:
        return connect(*self.url)


register_backend("examples.pymemcache", __name__, PatientBackend.__name__)  # type: ignore[no-untyped-call]


class DogpileCache:
    """Holds values for so many seconds."""

    def __init__(self, server: str, seconds: int) -> None:
        self._region = make_region(serializer=pack, deserializer=unpack).configure(
            "examples.pymemcache",
            expiration_time=seconds,
            arguments={"url": [server], "memcached_expire_time": seconds + REPLACED_WITHIN_SECONDS},
        )

    def get_or_make(self, key: str, make: Callable[[], V]) -> V:
        value: V = self._region.get_or_create(key, make)
        return value

    def put(self, key: str, value: Value) -> None:
        self._region.set(key, value)

    def forget(self, keys: Iterable[str]) -> None:
        self._region.delete_multi(list(keys))

    def close(self) -> None:
        self._region.backend.client.close()
