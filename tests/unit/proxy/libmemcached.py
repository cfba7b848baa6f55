"""libmemcached itself, the copy that pylibmc uses, asked which server gets a key. It never connects."""

import ctypes
from collections.abc import Iterable

from tests.servers import needed_module

HASHES = {
    "one_at_a_time": 0,
    "md5": 1,
    "crc32": 2,
    "fnv1_64": 3,
    "fnv1a_64": 4,
    "fnv1_32": 5,
    "fnv1a_32": 6,
    "murmur": 8,
    "jenkins": 9,
}
"""memcached_hash_t, by our names."""
BEHAVIOR_HASH, BEHAVIOR_KETAMA, BEHAVIOR_KETAMA_WEIGHTED = 2, 3, 16


class Libmemcached:
    """A `memcached_st` with servers: `host:port:weight` or `/path`."""

    def __init__(self, servers: Iterable[str], behaviors: dict[int, int]) -> None:
        extension = needed_module("_pylibmc", "libmemcached-dev")
        self.library = ctypes.CDLL(extension.__file__)
        create = self.library.memcached_create
        create.restype = ctypes.c_void_p
        self.client = ctypes.c_void_p(create(None))
        for behavior, value in behaviors.items():
            assert self.library.memcached_behavior_set(self.client, behavior, ctypes.c_uint64(value)) == 0
        for server in servers:
            self._add(server)

    def _add(self, server: str) -> None:
        if server.startswith("/"):
            assert self.library.memcached_server_add_unix_socket(self.client, server.encode()) == 0
            return
        host, port, *weight = server.split(":")
        added = self.library.memcached_server_add_with_weight(
            self.client, host.encode(), ctypes.c_uint16(int(port)), ctypes.c_uint32(int(weight[0]) if weight else 0)
        )
        assert added == 0

    def locate(self, keys: Iterable[bytes]) -> list[int]:
        """The index of each key's server."""
        ask = self.library.memcached_generate_hash
        ask.restype = ctypes.c_uint32
        ask.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
        return [ask(self.client, key, len(key)) for key in keys]
