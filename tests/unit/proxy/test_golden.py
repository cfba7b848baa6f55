"""Where libraries put ten keys on three servers, as found by asking them: the shortest account of how they differ."""

import pytest

from memcluster import _native
from tests.unit.proxy.located import located

ALPHA, BETA, GAMMA = SERVERS = ["10.0.0.1:11211", "10.0.0.2:11211", "10.0.0.3:11212"]
SHORT = ["10.0.0.1:11211 10.0.0.1", "10.0.0.2:11211 10.0.0.2", "10.0.0.3:11212"]

COLUMNS = {
    "twemproxy md5": (SERVERS, {"placement": "twemproxy-ketama", "hash": "md5"}),
    "twemproxy fnv1a_64": (SERVERS, {"placement": "twemproxy-ketama"}),
    "libmemcached": (SERVERS, {"placement": "libmemcached-ketama"}),
    "libmemcached weighted": (SERVERS, {"placement": "libmemcached-ketama-weighted"}),
    "uhashring": (SERVERS, {"placement": "uhashring-ketama"}),
    "uhashring, port 11211 left out": (SHORT, {"placement": "uhashring-ketama"}),
    "pymemcache": (SERVERS, {"placement": "pymemcache-rendezvous"}),
    "spymemcached": (SERVERS, {"placement": "spymemcached-ketama"}),
}
# One digit a key, in the order of KEYS: which server. spymemcached's row is ours, the others are the libraries'.
KEYS = [b"foo", b"bar", b"user:1", b"user:2", b"a", b"session:deadbeef", b"k0", b"k1", b"k2", b"k3"]
PLACES = {
    "twemproxy md5": "1111122220",
    "twemproxy fnv1a_64": "1200102222",
    "libmemcached": "1000002011",
    "libmemcached weighted": "1111122220",
    "uhashring": "1020210011",
    "uhashring, port 11211 left out": "1111122220",
    "pymemcache": "0110120002",
    "spymemcached": "1020210011",
}
HASHES = {
    "md5": [
        3675831724, 421377335, 282964413, 3264788475, 3111502092,
        1047603752, 2065684008, 2058434486, 1460232801, 2638654455,
    ],
    "fnv1a_64": [
        4275688823, 322520602, 1963465963, 1963466398, 2248273036,
        3194224991, 3043107598, 3043108033, 3043106728, 3043107163,
    ],
    "one_at_a_time": [
        596015325, 2151715081, 2773942091, 1872794591, 3392050242,
        2197590501, 3230140454, 857173315, 3708928313, 3477808556,
    ],
}  # fmt: skip


@pytest.mark.parametrize("column", COLUMNS)
def test_places(column):
    servers, settings = COLUMNS[column]
    assert "".join(map(str, located(servers, KEYS, **settings))) == PLACES[column]


@pytest.mark.parametrize("name", HASHES)
def test_hashes(name):
    assert [_native.hash_key(name, key) for key in KEYS] == HASHES[name]
