"""Asks memcached's own proxy where it puts keys: `python -m tests.unit.proxy.record_memcached_proxy PROGRAM`.

PROGRAM is a memcached built with --enable-proxy (packages of distributions are not), so what it says is recorded as a
digest in test_memcached_proxy.py and not asked for in each run.
"""

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.servers import LOOPBACK, start
from tests.unit.proxy.keys import ascii_keys, byte_keys
from tests.unit.proxy.sink import Sink, asked_through

HOSTS = ("127.9.0.1", "127.9.0.2", "127.9.0.3")
PORTS = (11211, 21302, 21303)
SERVERS = [f"{host}:{port}" for host, port in zip(HOSTS, PORTS, strict=True)]
"""Fixed, since they are part of what is hashed."""
KEYS: dict[str, Callable[[], list[bytes]]] = {"ascii": ascii_keys, "bytes": byte_keys}
RING = "dist = mcp.dist_ring_hash, omode = "
POOLS = {
    "memcached-jump": "dist = mcp.dist_jump_hash",
    "memcached-jump seed": 'dist = mcp.dist_jump_hash, seed = "tree"',
    "memcached-ring": f'{RING}"default"',
    "memcached-ring-ketama": f'{RING}"ketama"',
    "memcached-ring-twemproxy": f'{RING}"twemproxy"',
    "memcached-ring-evcache": f'{RING}"evcache"',
    "memcached-ring-ketama md5": f'{RING}"ketama", hash = mcp.dist_ring_hash.hash',
}
SCRIPT = """
function mcp_config_pools()
  local nodes = { %s }
  return mcp.pool(nodes, { %s })
end
function mcp_config_routes(pool)
  local generator = mcp.funcgen_new()
  local handle = generator:new_handle(pool)
  local route = function(rctx) return function(request) return rctx:enqueue_and_wait(request, handle) end end
  generator:ready({ n = "pool", f = route })
  mcp.attach(mcp.CMD_ANY_STORAGE, generator)
end
"""


def digest(places: Sequence[int]) -> str:
    """One short text for where 100,000 keys are."""
    return hashlib.sha256(bytes(places)).hexdigest()[:24]


def record(program: str) -> None:
    """Prints a row a pool and kind of keys."""
    sinks = [Sink(place) for place in zip(HOSTS, PORTS, strict=True)]
    nodes = ", ".join(f'mcp.backend("b{port}", "{host}", "{port}")' for host, port in zip(HOSTS, PORTS, strict=True))
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "pools.lua"
        for pool, options in POOLS.items():
            settings.write_text(SCRIPT % (nodes, options))
            user = ["-u", "root"] if os.getuid() == 0 else []
            command = [program, *user, "-l", LOOPBACK, "-o", f"proxy_config={settings}", "-p"]
            server = start("memcached-proxy", lambda port: [*command, str(port)])  # noqa: B023 (called at once)
            for kind, keys in KEYS.items():
                print(f'    ("{pool}", "{kind}"): "{digest(asked_through(server.address, keys(), sinks))}",')
            server.stop()


if __name__ == "__main__":
    record(sys.argv[1])
