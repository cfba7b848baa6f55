"""A shop before a cache: three kinds of values, and how each stays true. Knows neither a client nor a database.

    product     is written through: who changes a price writes the new product into the cache as well
    reviews     are invalidated: who adds one deletes their summary, and the next reader makes it anew
    front page  is as old as its time to live allows: any review can change it, and for a while nobody minds

All of them are read cache-aside: what the cache does not have comes from the database, and then is in the cache. The
database is written first, so that a failure in between leaves an old value no longer than its time to live.
"""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from examples.database_cache.shop import Shop
from examples.database_cache.values import Product, Ranking, Reviews, Value

V = TypeVar("V", bound=Value)

PAGE_SECONDS = 600
FRONT_PAGE_SECONDS = 2


class Cache(Protocol):
    """What a shop needs of a cache, whose values live equally long. While it is away, it holds nothing and says so."""

    def get_or_make(self, key: str, make: Callable[[], V]) -> V: ...

    def put(self, key: str, value: Value) -> None: ...

    def forget(self, keys: Iterable[str]) -> None: ...

    def close(self) -> None: ...


@dataclass
class Tally:
    """How often a value was wanted, and how often the cache did not have it."""

    wanted: int = 0
    missed: int = 0

    @property
    def hits(self) -> int:
        return self.wanted - self.missed

    @property
    def hit_ratio(self) -> float:
        return self.hits / self.wanted if self.wanted else 0.0


class CachedShop:
    """Answers from the cache what it can, and the rest from the shop behind it."""

    def __init__(self, shop: Shop, cache_of_seconds: Callable[[int], Cache]) -> None:
        self.tally = Tally()
        self._shop = shop
        self._pages = cache_of_seconds(PAGE_SECONDS)
        self._front_pages = cache_of_seconds(FRONT_PAGE_SECONDS)
        # Each shop here is a new one: it must not be served what is left of another.
        self._namespace = f"shop-{secrets.token_hex(4)}"

    def product(self, number: int) -> Product:
        return self._read(self._pages, self._key("product", number), lambda: self._shop.product(number))

    def reviews(self, number: int) -> Reviews:
        return self._read(self._pages, self._key("reviews", number), lambda: self._shop.reviews(number))

    def best_of(self, category: str) -> Ranking:
        return self._read(self._front_pages, self._key("best", category), lambda: self._shop.best_of(category))

    def change_price(self, number: int, cents: int) -> Product:
        product = self._shop.change_price(number, cents)
        self._pages.put(self._key("product", number), product)
        return product

    def add_review(self, number: int, stars: int, text: str) -> None:
        self._shop.add_review(number, stars, text)
        self._pages.forget([self._key("reviews", number)])

    def clear(self, numbers: Iterable[int], categories: Iterable[str]) -> None:
        """Takes back what the cache may hold of these products and categories."""
        self._pages.forget(self._key(kind, number) for number in numbers for kind in ("product", "reviews"))
        self._front_pages.forget(self._key("best", category) for category in categories)

    def close(self) -> None:
        self._pages.close()
        self._front_pages.close()

    def _key(self, kind: str, name: object) -> str:
        return f"{self._namespace}:{kind}:{name}"

    def _read(self, cache: Cache, key: str, make: Callable[[], V]) -> V:
        def missed() -> V:
            self.tally.missed += 1
            return make()

        self.tally.wanted += 1
        return cache.get_or_make(key, missed)
