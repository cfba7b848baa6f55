"""The checkers find what is planted in histories written by hand, and nothing in those that are right."""

from collections.abc import Sequence

import pytest

from tests.concurrency.history import Operation, Transaction
from tests.concurrency.linearizable import Model, counter, is_linearizable, queue, register
from tests.concurrency.serializable import anomalies

Step = tuple[str, object, int, int]


def history(*steps: Step) -> list[Operation]:
    """Operations as `command, result, asked, answered`."""
    return [
        Operation(number, tuple(words.split()), result, asked, answered)
        for number, (words, result, asked, answered) in enumerate(steps)
    ]


@pytest.mark.parametrize(
    ("model", "initial", "steps", "is_right"),
    [
        (register, None, [("SET a 1", "OK", 0, 10), ("GET a", "1", 5, 8)], True),
        (register, None, [("SET a 1", "OK", 0, 10), ("GET a", None, 5, 8)], True),
        (register, None, [("SET a 1", "OK", 0, 4), ("GET a", None, 5, 8)], False),
        (register, None, [("SET a 1", "OK", 0, 9), ("GET a", "1", 1, 3), ("GET a", None, 4, 8)], False),
        (register, None, [("SETNX a 1", 1, 0, 9), ("SETNX a 2", 1, 0, 9)], False),
        (register, None, [("SET a 1", "OK", 0, 1), ("GETSET a 2", "1", 2, 9), ("GETSET a 3", "1", 2, 9)], False),
        (counter, 0, [("INCRBY a 1", 2, 0, 9), ("INCRBY a 1", 1, 0, 9), ("GET a", "2", 10, 11)], True),
        (counter, 0, [("INCRBY a 1", 1, 0, 9), ("INCRBY a 1", 1, 0, 9)], False),
        (counter, 0, [("INCRBY a 1", 2, 0, 3), ("INCRBY a 1", 1, 4, 9)], False),
        (queue, (), [("RPUSH q x", 1, 0, 9), ("RPUSH q y", 2, 0, 9), ("LPOP q", "x", 10, 11)], True),
        (queue, (), [("RPUSH q x", 1, 0, 3), ("RPUSH q y", 2, 4, 9), ("LPOP q", "y", 10, 11)], False),
        (queue, (), [("RPUSH q x", 1, 0, 3), ("LPOP q", "x", 4, 9), ("LPOP q", "x", 4, 9)], False),
        (queue, (), [("RPUSH q x", 1, 0, 3), ("LPOP q", None, 4, 9)], False),
    ],
)
def test_single_keys(model: Model, initial: object, steps: Sequence[Step], is_right: bool) -> None:
    assert is_linearizable(history(*steps), model, initial) is is_right


def transaction(asked: int, answered: int, *steps: tuple[str, object]) -> Transaction:
    operations = (Operation(0, tuple(words.split()), result, asked, answered) for words, result in steps)
    return Transaction(0, tuple(operations), asked, answered)


def test_transactions_that_are_right() -> None:
    done = [
        transaction(0, 9, ("RPUSH x 1", 1), ("RPUSH y 1", 1)),
        transaction(0, 9, ("LRANGE x 0 -1", ["1"]), ("LRANGE y 0 -1", ["1"]), ("RPUSH x 2", 2)),
        transaction(0, 9, ("LRANGE x 0 -1", []), ("LRANGE y 0 -1", [])),
    ]
    assert anomalies(done, {"x": ["1", "2"], "y": ["1"]}) == []


@pytest.mark.parametrize(
    ("done", "complaint"),
    [
        ([transaction(0, 9, ("RPUSH x 9", 1))], "9 was appended to x and is lost"),
        ([transaction(0, 9, ("LRANGE x 0 -1", ["2"]))], "which is no beginning of"),
        ([transaction(0, 9, ("RPUSH x 1", 1), ("LRANGE x 0 -1", []))], "appended ['1'] to x and read []"),
        ([transaction(0, 9, ("LRANGE x 0 -1", []), ("LRANGE x 0 -1", ["1"]))], "somebody appended in between"),
    ],
)
def test_what_is_wrong_by_itself(done: list[Transaction], complaint: str) -> None:
    assert complaint in anomalies(done, {"x": ["1", "2"]})[0]


def test_moves_that_are_right() -> None:
    done = [
        transaction(0, 9, ("RPUSH q 1", 1), ("RPUSH x a", 1)),
        transaction(1, 12, ("BLMOVE q done LEFT RIGHT 0", "1")),
        transaction(13, 14, ("LRANGE x 0 -1", ["a"])),
    ]
    assert anomalies(done, {"q": [], "done": ["1"], "x": ["a"]}) == []


@pytest.mark.parametrize(
    ("done", "complaint"),
    [
        ([transaction(0, 9, ("BLMOVE q done LEFT RIGHT 0", "1"))], "was taken from q, where it was not"),
        ([transaction(0, 9, ("RPUSH x a", 7))], "was told length 7 and came to place 1"),
    ],
)
def test_moves_and_lengths_that_are_wrong(done: list[Transaction], complaint: str) -> None:
    assert complaint in anomalies(done, {"q": [], "done": ["1"], "x": ["a"]})[0]


def test_a_move_of_half_a_transaction_is_a_cycle() -> None:
    """It takes what a transaction pushed, and who asks behind it does not see what else that transaction did."""
    done = [
        transaction(0, 9, ("RPUSH q 1", 1), ("RPUSH x a", 1)),
        transaction(1, 4, ("BLMOVE q done LEFT RIGHT 0", "1")),
        transaction(5, 6, ("LRANGE x 0 -1", [])),
    ]
    assert "before the next because of rt" in anomalies(done, {"q": [], "done": ["1"], "x": ["a"]})[0]


def test_a_torn_read_is_a_cycle() -> None:
    done = [
        transaction(0, 9, ("RPUSH x 1", 1), ("RPUSH y 1", 1)),
        transaction(0, 9, ("LRANGE x 0 -1", []), ("LRANGE y 0 -1", ["1"])),
    ]
    (complaint,) = anomalies(done, {"x": ["1"], "y": ["1"]})
    assert "rw x" in complaint
    assert "wr y" in complaint


def test_a_write_skew_is_a_cycle() -> None:
    done = [
        transaction(0, 9, ("LRANGE x 0 -1", []), ("RPUSH y 1", 1)),
        transaction(0, 9, ("LRANGE y 0 -1", []), ("RPUSH x 2", 1)),
    ]
    assert "before the next because of rw" in anomalies(done, {"x": ["2"], "y": ["1"]})[0]


def test_a_stale_read_is_a_cycle_with_real_time() -> None:
    done = [transaction(0, 3, ("RPUSH x 1", 1)), transaction(5, 9, ("LRANGE x 0 -1", []))]
    assert "because of rt" in anomalies(done, {"x": ["1"]})[0]
