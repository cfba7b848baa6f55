"""What the same visitors cost the database with a cache and without."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from examples.database_cache.cached_shop import Cache, CachedShop
from examples.database_cache.database import CATEGORIES, Database
from examples.database_cache.shop import DatabaseShop
from examples.database_cache.traffic import receive


@dataclass(frozen=True)
class Cost:
    """Of visitors to a shop with a cache. Outdated is what they saw of which the database said otherwise by then."""

    queries: int
    queries_without_cache: int
    hits: int
    hit_ratio: float
    outdated: int

    @property
    def spared(self) -> int:
        return self.queries_without_cache - self.queries


@contextmanager
def opened(products: int, cache_of_seconds: Callable[[int], Cache]) -> Iterator[tuple[Database, CachedShop]]:
    """A new shop, which leaves nothing in the cache when it is closed."""
    with closing(Database(products)) as database, closing(CachedShop(DatabaseShop(database), cache_of_seconds)) as shop:
        try:
            yield database, shop
        finally:
            shop.clear(range(1, products + 1), CATEGORIES)


def compare(visitors: int, products: int, cache_of_seconds: Callable[[int], Cache]) -> Cost:
    with closing(Database(products)) as plain:
        right = receive(DatabaseShop(plain), visitors, products)
    with opened(products, cache_of_seconds) as (database, shop):
        seen = receive(shop, visitors, products)
    return Cost(
        queries=database.queries,
        queries_without_cache=plain.queries,
        hits=shop.tally.hits,
        hit_ratio=shop.tally.hit_ratio,
        outdated=sum(a != b for a, b in zip(seen, right, strict=True)),
    )
