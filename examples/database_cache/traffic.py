"""Visitors of a shop: the same ones come to every shop, so that what they cost can be compared."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from examples.database_cache.database import CATEGORIES
from examples.database_cache.shop import Shop
from examples.database_cache.values import Value


@dataclass
class Taste:
    """What the next visitor wants: a few products are wanted by many."""

    products: int
    chance: Random = field(default_factory=lambda: Random(20))

    def product(self) -> int:
        return int(self.chance.paretovariate(1.0)) % self.products + 1

    def category(self) -> str:
        return self.chance.choice(CATEGORIES)


Seen = tuple[Value, ...]


def look_at_a_front_page(shop: Shop, taste: Taste) -> Seen:
    return (shop.best_of(taste.category()),)


def look_at_a_product(shop: Shop, taste: Taste) -> Seen:
    number = taste.product()
    return (shop.product(number), shop.reviews(number))


def change_a_price(shop: Shop, taste: Taste) -> Seen:
    return (shop.change_price(taste.product(), taste.chance.randrange(300, 3000)),)


def write_a_review(shop: Shop, taste: Taste) -> Seen:
    shop.add_review(taste.product(), taste.chance.randint(1, 5), "Tastes as it looks.")
    return ()


VISITS: dict[Callable[[Shop, Taste], Seen], int] = {
    look_at_a_front_page: 15,
    look_at_a_product: 80,
    change_a_price: 2,
    write_a_review: 3,
}
"""What visitors do, and how many of a hundred do it."""


def receive(shop: Shop, visitors: int, products: int) -> list[Seen]:
    """What each visitor saw."""
    taste = Taste(products)
    visits = taste.chance.choices(list(VISITS), list(VISITS.values()), k=visitors)
    return [visit(shop, taste) for visit in visits]
