"""Cache-aside by hand, with pymemcache. memcached itself drops what is too old."""

from collections.abc import Callable, Iterable
from typing import TypeVar, cast

from examples.database_cache.connection import connect
from examples.database_cache.values import Value, pack, unpack

V = TypeVar("V", bound=Value)


class PymemcacheCache:
    """Holds values for so many seconds."""

    def __init__(self, server: str, seconds: int) -> None:
        self._client = connect(server)
        self._seconds = seconds

    def get_or_make(self, key: str, make: Callable[[], V]) -> V:
        found = self._client.get(key)
        if found is not None:
            return cast("V", unpack(found))
        value = make()
        self.put(key, value)
        return value

    def put(self, key: str, value: Value) -> None:
        self._client.set(key, pack(value), expire=self._seconds)

    def forget(self, keys: Iterable[str]) -> None:
        self._client.delete_many(keys)

    def close(self) -> None:
        self._client.close()
