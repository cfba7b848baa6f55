"""Fixtures for every test that talks to a server. Each server is a real process; those of wider scope are shared."""

import os
import signal
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.servers import Server, start_memcached, start_node, start_proxy_over_nodes, start_redis, start_redis_mode

# A busy machine is no reason to fail; `make fuzz` looks for longer.
BUSY = [HealthCheck.too_slow]
settings.register_profile("short", deadline=None, suppress_health_check=BUSY)
settings.register_profile("long", deadline=None, suppress_health_check=BUSY, max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))

# A run in a shell's background ignores SIGINT, and so would all that it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def memcached() -> Iterator[Server]:
    """The real memcached; the environment variable MEMCACHED names another one than the one in PATH."""
    server = start_memcached()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis() -> Iterator[Server]:
    """The real redis-server; the environment variable REDIS names another one than the one in PATH."""
    server = start_redis()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def node() -> Iterator[Server]:
    """One node of ours."""
    server = start_node("-t", "2")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis_mode() -> Iterator[Server]:
    """One Redis-mode node of ours."""
    server = start_redis_mode("--threads", "2", "--enable-debug-command", "yes")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def proxy() -> Iterator[Server]:
    """Our proxy over three nodes of ours, which are its `children`."""
    server = start_proxy_over_nodes(3, "--threads", "2", node_flags=("-t", "2"))
    yield server
    server.stop()


@pytest.fixture
def started() -> Iterator[Callable[[Server], Server]]:
    """`started(server)` hands a server back and stops it when the test ends."""
    servers: list[Server] = []

    def keep(server: Server) -> Server:
        servers.append(server)
        return server

    yield keep
    for server in reversed(servers):
        server.stop()


@pytest.fixture(params=["node", "proxy"])
def endpoint(request: pytest.FixtureRequest) -> Server:
    """What a client connects to: a node, then the proxy. Whatever works with one works with the other."""
    server: Server = request.getfixturevalue(request.param)
    return server
