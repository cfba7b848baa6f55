"""`pymemcache-rendezvous` agrees with pymemcache's HashClient."""

import pytest
from pymemcache.client.rendezvous import RendezvousHash

from tests.unit.proxy.keys import ascii_keys
from tests.unit.proxy.located import located

FLEETS = {
    "three": ["10.0.0.1:11211", "10.0.0.2:11211", "10.0.0.3:11212"],
    "sockets and names": ["/run/one.sock", "cache.example.org:11211", "cache.example.org:11212", "10.0.0.9:11211"],
}


@pytest.mark.parametrize("fleet", FLEETS)
def test_agrees_with_pymemcache(fleet):
    servers = FLEETS[fleet]
    ring = RendezvousHash(list(servers))
    keys = ascii_keys()
    theirs = [servers.index(ring.get_node(key.decode())) for key in keys]
    assert located(servers, keys, placement="pymemcache-rendezvous") == theirs


def test_bytes_of_128_and_more_are_hashed_as_pymemcache_hashes_latin_characters():
    """A character below 256 is one byte to its murmur3. They differ on UTF-8: it hashes by character, we by byte."""
    servers = FLEETS["three"]
    ring = RendezvousHash(list(servers))
    keys = [bytes([0x80 + number % 0x80, 0x21 + number % 0x5E]) + b"%d" % number for number in range(10_000)]
    theirs = [servers.index(ring.get_node(key.decode("latin-1"))) for key in keys]
    assert located(servers, keys, placement="pymemcache-rendezvous") == theirs
