"""The libmemcached placements agree with libmemcached, asked through pylibmc's copy of it."""

import pytest

from tests.unit.proxy.keys import ascii_keys, byte_keys
from tests.unit.proxy.libmemcached import BEHAVIOR_HASH, BEHAVIOR_KETAMA, BEHAVIOR_KETAMA_WEIGHTED, HASHES, Libmemcached
from tests.unit.proxy.located import located

EQUAL = ["10.0.0.1:11211", "10.0.0.2:11211", "10.0.0.3:11212"]
FLEETS = {
    "equal": EQUAL,
    "weights": ["10.0.0.1:11211:1", "10.0.0.2:11211:3", "10.0.0.3:11212:7"],
    "sockets": ["/run/one.sock", "/run/two.sock", "10.0.0.3:11212"],
    # 25 and 47 are numbers of servers for which single precision loses a digest.
    "25": [f"10.0.1.{number}:11211" for number in range(25)],
    "47": [f"10.0.1.{number}:11212" for number in range(47)],
}


@pytest.mark.parametrize("keys", [ascii_keys, byte_keys])
@pytest.mark.parametrize("fleet", FLEETS)
def test_weighted_ketama(fleet, keys):
    theirs = Libmemcached(FLEETS[fleet], {BEHAVIOR_KETAMA_WEIGHTED: 1}).locate(keys())
    assert located(FLEETS[fleet], keys(), placement="libmemcached-ketama-weighted") == theirs


@pytest.mark.parametrize("keys", [ascii_keys, byte_keys])
@pytest.mark.parametrize("fleet", FLEETS)
def test_unweighted_ketama(fleet, keys):
    theirs = Libmemcached(FLEETS[fleet], {BEHAVIOR_KETAMA: 1}).locate(keys())
    assert located(FLEETS[fleet], keys(), placement="libmemcached-ketama") == theirs


@pytest.mark.parametrize("name", HASHES)
def test_unweighted_ketama_with_each_hash(name):
    """The key hash makes the points as well."""
    theirs = Libmemcached(EQUAL, {BEHAVIOR_HASH: HASHES[name], BEHAVIOR_KETAMA: 1}).locate(byte_keys(20_000))
    assert located(EQUAL, byte_keys(20_000), placement="libmemcached-ketama", hash=name) == theirs


@pytest.mark.parametrize("name", HASHES)
def test_modula(name):
    theirs = Libmemcached(EQUAL, {BEHAVIOR_HASH: HASHES[name]}).locate(byte_keys(20_000))
    assert located(EQUAL, byte_keys(20_000), placement="modula", hash=name) == theirs
