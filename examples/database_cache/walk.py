"""A walk through a shop in steps that each show one thing a cache does. What is said of a step is measured."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from examples.database_cache.cached_shop import CachedShop
from examples.database_cache.database import CATEGORIES, Database
from examples.database_cache.shop import DatabaseShop, Shop
from examples.database_cache.values import Value

CATEGORY = CATEGORIES[0]
EXPIRES_WITHIN_SECONDS = 5.0
LOOKS_EVERY_SECONDS = 0.01

Page = Callable[[Shop], tuple[Value, ...]]


@dataclass(frozen=True)
class Step:
    """A page as a visitor got it: of how many values, whence, and whether it says what the database says."""

    what: str
    values: int
    hits: int
    queries: int
    is_current: bool


def front_page(shop: Shop) -> tuple[Value, ...]:
    return (shop.best_of(CATEGORY),)


def product_page(number: int, shop: Shop) -> tuple[Value, ...]:
    return (shop.product(number), shop.reviews(number))


def walk(database: Database, shop: CachedShop) -> Iterator[Step]:
    """Miss, hit, write-through, invalidation, time to live."""
    look = partial(_look, database, shop)
    yield look("the front page, for the first time", front_page)
    best = shop.best_of(CATEGORY).best[0].number
    page = partial(product_page, best)
    yield look("its best product, for the first time", page)
    yield look("the product again", page)
    shop.change_price(best, 1)
    yield look("its price changed: written through", page)
    shop.add_review(best, 1, "Cheap, and tastes so.")
    yield look("it was reviewed: that value was deleted", page)
    yield look("the front page, not told of the review", front_page)
    yield _when_expired(look)


def walk_without_cache(database: Database, shop: CachedShop) -> Iterator[Step]:
    """For a shop whose cache is not there."""
    yield _look(database, shop, "a product while the cache is away", partial(product_page, 1))


def _look(database: Database, shop: CachedShop, what: str, page: Page) -> Step:
    wanted, hits, queries = shop.tally.wanted, shop.tally.hits, database.queries
    seen = page(shop)
    wanted, hits, queries = shop.tally.wanted - wanted, shop.tally.hits - hits, database.queries - queries
    return Step(what, wanted, hits, queries, is_current=seen == page(DatabaseShop(database)))


def _when_expired(look: Callable[[str, Page], Step]) -> Step:
    start = time.monotonic()
    while True:
        waited = time.monotonic() - start
        step = look(f"the front page {waited:.1f} s later: expired", front_page)
        if step.hits == 0 or waited > EXPIRES_WITHIN_SECONDS:
            return step
        time.sleep(LOOKS_EVERY_SECONDS)
