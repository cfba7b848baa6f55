"""Which keys move: the exact shares are those that counting finds."""

import json

import pytest
from click.testing import CliRunner

from memcluster.cli.ring import command
from memcluster.proxy import movement as module
from memcluster.proxy.movement import movement
from memcluster.proxy.placement import PLACEMENTS
from memcluster.proxy.pools import single_pool

THREE = ["10.0.0.1:11211", "10.0.0.2:11211", "10.0.0.3:11212"]
FOUR = [*THREE, "10.0.0.4:11211"]
EXACT = [name for name in PLACEMENTS if name not in ("random", "memcached-jump", "pymemcache-rendezvous")]


def pool(servers, placement):
    return single_pool(servers, {"placement": placement}).pool[0]


@pytest.mark.parametrize("placement", EXACT)
def test_exact_shares_are_those_that_counting_finds(placement, monkeypatch):
    before, after = pool(THREE, placement), pool(FOUR, placement)
    exact = movement(before, after)
    monkeypatch.setattr(module, "_exact", lambda *_: None)
    monkeypatch.setattr(module, "SAMPLED_KEYS", 40_000)
    counted = movement(before, after)
    assert (exact.sampled_keys, counted.sampled_keys) == (0, 40_000)
    assert exact.moved == pytest.approx(counted.moved, abs=0.02)
    shares = {(move.source, move.target): move.share for move in counted.moves}
    for move in exact.moves:
        assert move.share == pytest.approx(shares.get((move.source, move.target), 0), abs=0.02)


@pytest.mark.parametrize("placement", ["memcached-jump", "pymemcache-rendezvous"])
def test_the_rest_is_counted_and_says_so(placement):
    change = movement(pool(THREE, placement), pool(FOUR, placement))
    assert change.sampled_keys > 0
    assert change.moved == pytest.approx(1 / 4, abs=0.02)
    assert {move.target for move in change.moves} == {"10.0.0.4:11211"}


def run(*arguments):
    flags = [word for server in THREE for word in ("--server", server)]
    return CliRunner().invoke(command, [arguments[0], *flags, *arguments[1:]], catch_exceptions=False)


def test_ring_locate():
    rows = json.loads(run("locate", "--placement", "twemproxy-ketama", "--json", "foo", "bar").stdout)
    assert rows == [
        {"key": "foo", "pool": "main", "servers": ["10.0.0.2:11211"]},
        {"key": "bar", "pool": "main", "servers": ["10.0.0.3:11212"]},
    ]
    assert "10.0.0.2:11211" in run("locate", "--placement", "twemproxy-ketama", "foo").stdout


def test_ring_plan():
    plan = json.loads(run("plan", "--remove", "10.0.0.2:11211", "--json").stdout)
    assert plan["sampled_keys"] == 0
    assert plan["moved"] == pytest.approx(plan["before"]["10.0.0.2:11211"])
    assert {move["source"] for move in plan["moves"]} == {"10.0.0.2:11211"}
    assert "exact, if keys hash evenly" in run("plan", "--add", "10.0.0.4").stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("plan",), "nothing changes: give --add"),
        (("plan", "--remove", "10.9.9.9:1"), "the pool has no such server: there are 10.0.0.1:11211"),
        (("plan", "--add", "10.0.0.1:11211"), "stands there twice"),
        (("plan", "--add", "10.0.0.5", "--pool", "other"), "there is no pool 'other'"),
        (("locate", "--config", "proxy.toml", "key"), "leave one out"),
    ],
)
def test_what_is_wrong_is_said(arguments, complaint):
    with pytest.raises(Exception, match=complaint):
        run(*arguments)
