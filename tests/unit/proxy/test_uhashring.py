"""`uhashring-ketama` agrees with uhashring on every key."""

import pytest
from uhashring import HashRing

from tests.unit.proxy.keys import ascii_keys, unicode_keys
from tests.unit.proxy.located import located

FLEETS = {
    "equal": ["10.0.0.1:11211", "10.0.0.2:11211", "10.0.0.3:11212"],
    "weights": ["10.0.0.1:11211:1", "10.0.0.2:11211:3", "10.0.0.3:11212:7"],
    "names": ["10.0.0.1:11211:1 alpha", "10.0.0.2:11211:2 beta"],
    "one": ["10.0.0.1:11211"],
    "fifty": [f"10.0.1.{number}:11211" for number in range(50)],
}


def ring_of(servers: list[str]) -> tuple[HashRing, list[str]]:
    """The ring with the names as its users would write them."""
    nodes = {}
    for text in servers:
        place, _, name = text.partition(" ")
        host, port, *weight = place.split(":")
        nodes[name or f"{host}:{port}"] = int(weight[0]) if weight else 1
    return HashRing(nodes, hash_fn="ketama"), list(nodes)


@pytest.mark.parametrize("fleet", FLEETS)
def test_agrees_with_uhashring(fleet):
    ring, names = ring_of(FLEETS[fleet])
    keys = ascii_keys() if fleet != "names" else unicode_keys()
    theirs = [names.index(ring.get_node(key.decode())) for key in keys]
    assert located(FLEETS[fleet], keys, placement="uhashring-ketama") == theirs
