"""Primary and replica of either kind, under writes of all types: in the end both hold the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.replication.load import Load
from tests.replication.pairs import about, assert_equal, follow, wait_until_up
from tests.servers import wait_for

if TYPE_CHECKING:
    from tests.replication.conftest import Start

PAIRS = [("ours", "theirs"), ("theirs", "ours"), ("ours", "ours")]
"""Primary and replica."""
WRITES = 4000


def written(load: Load, count: int) -> None:
    wait_for(lambda: load.writes >= count, f"{count} writes: {load.errors[:3]}", 30)


@pytest.mark.parametrize(("primary", "replica"), PAIRS)
def test_a_replica_that_comes_while_all_is_written_ends_equal(begin: Start, primary: str, replica: str) -> None:
    source, copy = begin(primary), begin(replica)
    with Load(source) as load:
        written(load, WRITES)
        follow(copy, source)
        wait_until_up(copy)
        written(load, load.writes + WRITES)
    assert load.errors == []
    assert_equal(copy, source)
    assert about(source, "stats")["sync_full"] == 1
