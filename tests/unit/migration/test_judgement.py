"""What stands in a migration's way, and how far one is."""

from dataclasses import replace

import pytest

from memcluster.redis.migration.judgement import Phase, obstacles, progress
from memcluster.redis.migration.sides import Side, side

SOURCE = Side("s:1", "7.0.15", "source", "primary", 500, keys=10, databases_used=1, used_memory=100, maxmemory=0)
TARGET = Side("t:1", "7.2.4", "target", "primary", 0, keys=0, databases_used=0, used_memory=50, maxmemory=0)
FOLLOWING = replace(TARGET, role="replica", primary="s:1", link="up", offset=500)


def test_nothing_stands_in_the_way() -> None:
    assert obstacles(SOURCE, TARGET, 16, replaces=False) == []
    assert obstacles(SOURCE, FOLLOWING, 16, replaces=False) == [], "to begin again is to begin"


@pytest.mark.parametrize(
    ("source", "target", "complaint"),
    [
        ({"version": "2.6.16"}, {}, "it has to be 2.8 at least"),
        ({"is_loading": True}, {}, "wait until it has"),
        ({"is_cluster": True}, {}, "cannot be followed by one server"),
        ({"modules": ("name=search",)}, {}, "modules loaded (name=search)"),
        ({"role": "replica", "primary": "x:1", "link": "down"}, {}, "whose link to x:1 is down: name its primary"),
        ({"run_id": "target"}, {}, "one server"),
        ({"role": "replica", "primary": "t:1", "link": "up"}, {}, "a replica of the target"),
        ({}, {"role": "replica", "primary": "x:1"}, "a replica of x:1"),
        ({}, {"keys": 3}, "the target holds 3 keys, and all of them would go: give --replace"),
        ({}, {"maxmemory": 99}, "raise its maxmemory"),
        ({"databases_used": 17}, {}, "keys in database 16: give the target more databases"),
    ],
)
def test_what_stands_in_the_way(source: dict[str, object], target: dict[str, object], complaint: str) -> None:
    (found,) = obstacles(replace(SOURCE, **source), replace(TARGET, **target), 16, replaces=False)
    assert complaint in found


def test_all_of_it_is_said_at_once() -> None:
    assert len(obstacles(replace(SOURCE, is_loading=True), replace(TARGET, keys=1), 16, replaces=False)) == 2
    assert len(obstacles(replace(SOURCE, is_loading=True), replace(TARGET, keys=1), 16, replaces=True)) == 1


@pytest.mark.parametrize(
    ("source", "target", "phase", "lag"),
    [
        (SOURCE, TARGET, Phase.NONE, None),
        (None, replace(FOLLOWING, link="down"), Phase.CONNECTING, None),
        (SOURCE, replace(FOLLOWING, is_syncing=True, link="down"), Phase.SYNCING, None),
        (SOURCE, FOLLOWING, Phase.FOLLOWING, 0),
        (SOURCE, replace(FOLLOWING, offset=120), Phase.FOLLOWING, 380),
        (SOURCE, replace(FOLLOWING, offset=600), Phase.FOLLOWING, 0),
        (None, FOLLOWING, Phase.FOLLOWING, None),
    ],
)
def test_how_far(source: Side | None, target: Side, phase: Phase, lag: int | None) -> None:
    found = progress(source, target)
    assert (found.phase, found.lag_bytes) == (phase, lag)
    assert found.has_caught_up == (lag == 0)


def test_what_info_says() -> None:
    said = {
        "redis_version": "7.0.15", "run_id": "r", "role": "slave", "master_host": "h", "master_port": "6379",
        "master_link_status": "up", "slave_repl_offset": "12", "master_repl_offset": "11", "used_memory": "5",
        "db0": "keys=3,expires=0,avg_ttl=0", "db9": "keys=4,expires=1,avg_ttl=1", "master_sync_left_bytes": "-1",
    }  # fmt: skip
    found = side("a:1", said)
    assert (found.role, found.primary, found.offset, found.keys) == ("replica", "h:6379", 12, 7)
    assert (found.databases_used, found.sync_left_bytes) == (10, 0)
    assert side("a:1", {"role": "master", "master_repl_offset": "11"}).offset == 11
