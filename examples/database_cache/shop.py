"""What a shop can be asked and told, and the shop that asks its database every time. Knows no cache."""

from typing import Protocol

from sqlalchemy import desc, func, select

from examples.database_cache.database import Database, ProductRow, ReviewRow
from examples.database_cache.values import Product, Ranked, Ranking, Reviews

LATEST_REVIEWS = 3
RANKED = 5


class Shop(Protocol):
    """A shop, with a cache or without."""

    def product(self, number: int) -> Product: ...

    def reviews(self, number: int) -> Reviews: ...

    def best_of(self, category: str) -> Ranking: ...

    def change_price(self, number: int, cents: int) -> Product: ...

    def add_review(self, number: int, stars: int, text: str) -> None: ...


class DatabaseShop:
    """A page of a product costs three queries, a front page one."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def product(self, number: int) -> Product:
        with self.database.session() as session:
            return product_of(session.get_one(ProductRow, number))

    def reviews(self, number: int) -> Reviews:
        of_product = ReviewRow.product == number
        summary = select(func.count(), func.coalesce(func.avg(ReviewRow.stars), 0.0)).where(of_product)
        latest = select(ReviewRow.text).where(of_product).order_by(desc(ReviewRow.number)).limit(LATEST_REVIEWS)
        with self.database.session() as session:
            count, stars = session.execute(summary).one()
            return Reviews(count, stars, tuple(session.scalars(latest)))

    def best_of(self, category: str) -> Ranking:
        stars = func.avg(ReviewRow.stars).label("stars")
        best = (
            select(ProductRow.number, ProductRow.name, stars)
            .join(ReviewRow, ReviewRow.product == ProductRow.number)
            .where(ProductRow.category == category)
            .group_by(ProductRow.number)
            .order_by(desc(stars), ProductRow.number)
            .limit(RANKED)
        )
        with self.database.session() as session:
            return Ranking(tuple(Ranked(*row) for row in session.execute(best)))

    def change_price(self, number: int, cents: int) -> Product:
        with self.database.session() as session:
            row = session.get_one(ProductRow, number)
            row.price_cents = cents
        return product_of(row)

    def add_review(self, number: int, stars: int, text: str) -> None:
        with self.database.session() as session:
            session.add(ReviewRow(product=number, stars=stars, text=text))


def product_of(row: ProductRow) -> Product:
    return Product(row.number, row.name, row.category, row.price_cents)
