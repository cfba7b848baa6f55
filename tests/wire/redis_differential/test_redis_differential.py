"""Random commands get the same answers from a Redis-mode node and from the real redis-server."""

import os
import random
from collections.abc import Callable

import pytest

from tests.servers import Server, start_redis_to_compare
from tests.wire.redis_differential.case import inline
from tests.wire.redis_differential.document import DOCUMENT, document
from tests.wire.redis_differential.families import FAMILIES
from tests.wire.redis_differential.replies import agree, read, read_all
from tests.wire.redis_differential.row import Order, Row
from tests.wire.redis_differential.runner import Pair, compare
from tests.wire.redis_differential.words import draw_word

COMMANDS = 100_000
SEED = int(os.environ.get("DIFFERENTIAL_SEED", "1"))
"""Another seed plays other commands. `python -m tests.wire.redis_differential` plays them by hand."""


def test_answers_are_rediss(started: Callable[[Server], Server], redis_mode: Server) -> None:
    with Pair(started(start_redis_to_compare()).address, redis_mode.address) as pair:
        assert not pair.missing
        difference = compare(pair, SEED, COMMANDS)
    assert difference is None, f"DIFFERENTIAL_SEED={SEED}: the node and redis-server disagree\n{difference}"


def test_the_document_is_the_table() -> None:
    assert DOCUMENT.read_text() == document(), "run python -m tests.wire.redis_differential.document"


@pytest.mark.parametrize("family", FAMILIES)
def test_every_word_of_a_grammar_is_known(family: str) -> None:
    for row in FAMILIES[family]:
        for seed in range(30):
            drawn = random.Random(seed)
            words = [draw_word(kind, drawn) for kind in row.draw(drawn)]
            assert words[0].upper() == row.name.encode()


def test_a_grammar() -> None:
    row = Row("ZADD zset [NX|XX] (score member)... ('list|0.5)")
    drawn = {tuple(row.draw(random.Random(seed))) for seed in range(200)}
    assert ("'ZADD", "zset", "score", "member", "'list") in drawn
    assert ("'ZADD", "zset", "'XX", "score", "member", "score", "member", "'0.5") in drawn
    assert all(len(words) > 4 for words in drawn)


def test_a_request_in_one_line() -> None:
    words = (b"SET", b"a", b"", b"b c", b"it's", b'\0\r\n\xff"\\')
    assert inline(words) == b"""SET a '' 'b c' "it's" "\\x00\\r\\n\\xff\\"\\\\"\r\n"""


def test_replies_are_read() -> None:
    text = b"+OK\r\n*2\r\n$1\r\na\r\n:1\r\n%1\r\n$1\r\nb\r\n_\r\n$-1\r\n"
    assert list(read_all(text)) == [
        (b"+", b"OK"),
        (b"*", [(b"$", b"a"), (b":", b"1")]),
        (b"%", [(b"$", b"b"), (b"_", b"")]),
        (b"$", None),
    ]


@pytest.mark.parametrize(
    ("theirs", "ours", "order", "agrees"),
    [
        (b"*2\r\n:1\r\n:2\r\n", b"*2\r\n:2\r\n:1\r\n", Order.ANY, True),
        (b"*2\r\n:1\r\n:2\r\n", b"*2\r\n:2\r\n:1\r\n", Order.EXACT, False),
        (b"*2\r\n:1\r\n:2\r\n", b"*2\r\n:2\r\n:2\r\n", Order.ANY, False),
        (b"*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n", b"*4\r\n:3\r\n:4\r\n:1\r\n:2\r\n", Order.PAIRS, True),
        (b"*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n", b"*4\r\n:1\r\n:4\r\n:3\r\n:2\r\n", Order.PAIRS, False),
        (b"%2\r\n:1\r\n:2\r\n:3\r\n:4\r\n", b"%2\r\n:3\r\n:4\r\n:1\r\n:2\r\n", Order.EXACT, True),
        (b"%2\r\n:1\r\n:2\r\n:3\r\n:4\r\n", b"%2\r\n:1\r\n:4\r\n:3\r\n:2\r\n", Order.EXACT, False),
        (b"$1\r\na\r\n", b"$1\r\nb\r\n", Order.RANDOM, True),
        (b"$1\r\na\r\n", b"$-1\r\n", Order.RANDOM, False),
        (b"-ERR a\r\n", b"-ERR b\r\n", Order.RANDOM, False),
        (b":1000\r\n", b":999\r\n", Order.CLOCK, True),
        (b":1000\r\n", b":-1\r\n", Order.CLOCK, False),
        (b":1000\r\n", b":9000\r\n", Order.CLOCK, False),
    ],
)
def test_answers_that_agree(theirs: bytes, ours: bytes, order: Order, agrees: bool) -> None:
    assert agree(read(theirs)[0], read(ours)[0], order) is agrees
