"""The shop's tables on SQLite, in memory, and a count of the questions that were asked of them. Knows no cache."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from sqlalchemy import ForeignKey, Index, create_engine, event, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

CATEGORIES = ("coffee", "tea", "cocoa")
TITLES = ("dark", "mild", "smoky", "sweet", "rare", "plain")
OPINIONS = ("Would buy it again.", "Not what I hoped for.", "My cat likes it.", "Arrived late, was worth it.")


class Table(DeclarativeBase):
    """What SQLAlchemy knows the tables by."""


class ProductRow(Table):
    __tablename__ = "product"

    number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    category: Mapped[str] = mapped_column(index=True)
    price_cents: Mapped[int]


class ReviewRow(Table):
    __tablename__ = "review"

    number: Mapped[int] = mapped_column(primary_key=True)
    product: Mapped[int] = mapped_column(ForeignKey("product.number"))
    stars: Mapped[int]
    text: Mapped[str]

    __table_args__ = (Index("reviews_of_a_product", "product", "number"),)


class Database:
    """A new shop with so many products, always the same ones."""

    def __init__(self, products: int) -> None:
        self.products = products
        self.queries = 0
        self._engine = create_engine("sqlite://")
        Table.metadata.create_all(self._engine)
        self._fill(Random(products))
        event.listen(self._engine, "before_cursor_execute", self._count)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction, committed unless it fails."""
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        self._engine.dispose()

    def _count(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        self.queries += statement.startswith("SELECT")

    def _fill(self, chance: Random) -> None:
        numbers = range(1, self.products + 1)
        categories = {number: chance.choice(CATEGORIES) for number in numbers}
        products = [
            {
                "number": number,
                "name": f"{chance.choice(TITLES).title()} {category} No. {number}",
                "category": category,
                "price_cents": chance.randrange(300, 3000),
            }
            for number, category in categories.items()
        ]
        reviews = [
            {"product": number, "stars": chance.randint(1, 5), "text": chance.choice(OPINIONS)}
            for number in numbers
            for _ in range(chance.randint(2, 10))
        ]
        with self.session() as session:
            session.execute(insert(ProductRow), products)
            session.execute(insert(ReviewRow), reviews)
