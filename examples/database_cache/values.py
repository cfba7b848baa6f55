"""What the shop's pages are made of, and how a cache stores it.

As JSON: whoever reaches a cache can write to it, and to unpickle what others wrote is to run it.
"""

import msgspec


class Product(msgspec.Struct, frozen=True, tag=True):
    number: int
    name: str
    category: str
    price_cents: int


class Reviews(msgspec.Struct, frozen=True, tag=True):
    """What buyers say of one product."""

    count: int
    stars: float
    latest: tuple[str, ...]


class Ranked(msgspec.Struct, frozen=True):
    number: int
    name: str
    stars: float


class Ranking(msgspec.Struct, frozen=True, tag=True):
    """The front page of a category: its best products."""

    best: tuple[Ranked, ...]


Value = Product | Reviews | Ranking

pack = msgspec.json.Encoder().encode
unpack = msgspec.json.Decoder[Value](Value).decode
