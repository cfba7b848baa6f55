"""memcached's placements agree with memcached 1.6.45's proxy, whose choice for 100,000 keys is recorded as a digest."""

import pytest

from tests.unit.proxy.located import located
from tests.unit.proxy.record_memcached_proxy import KEYS, SERVERS, digest

RECORDED = {
    ("memcached-jump", "ascii"): "85af82e9c9324a657a100960",
    ("memcached-jump", "bytes"): "ce872bc60ac5f4680f2d31b3",
    ("memcached-jump seed", "ascii"): "61bb1c74bbb288630fa773f2",
    ("memcached-jump seed", "bytes"): "2c31fd1a9a947fdf528250e4",
    ("memcached-ring", "ascii"): "2a6ceef126ab0cb534a4c704",
    ("memcached-ring", "bytes"): "1af194c129bcd2a7f8184ee7",
    ("memcached-ring-ketama", "ascii"): "ef8b1064eacafffa7d31492f",
    ("memcached-ring-ketama", "bytes"): "0756d6ec4c9199f547eaf56c",
    ("memcached-ring-twemproxy", "ascii"): "997145de9f068b906260e55c",
    ("memcached-ring-twemproxy", "bytes"): "7c233dff2b26e9263fc12911",
    ("memcached-ring-evcache", "ascii"): "e5b80c1e1965be83e67c4933",
    ("memcached-ring-evcache", "bytes"): "fc3b009d2d30d14ef0538611",
    ("memcached-ring-ketama md5", "ascii"): "02f143e20c2a766545e8baf5",
    ("memcached-ring-ketama md5", "bytes"): "94d60fd0e5396ceafcacba07",
}
SETTINGS = {
    "memcached-jump seed": {"placement": "memcached-jump", "seed": "tree"},
    "memcached-ring-ketama md5": {"placement": "memcached-ring-ketama", "hash": "md5"},
}


@pytest.mark.parametrize(("pool", "kind"), RECORDED)
def test_agrees_with_memcacheds_proxy(pool, kind):
    settings = SETTINGS.get(pool, {"placement": pool})
    assert digest(located(SERVERS, KEYS[kind](), **settings)) == RECORDED[pool, kind]
