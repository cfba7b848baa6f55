"""The twemproxy placements agree with nutcracker, which is asked for the same keys, by what arrives where."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from memcluster.proxy.placement import PLACEMENTS
from tests.servers import LOOPBACK, Server, accepts, find_peer, free_port, start, wait_for
from tests.unit.proxy.keys import ascii_keys, byte_keys
from tests.unit.proxy.located import located
from tests.unit.proxy.sink import Sink, asked_through, default_port_address

HASHES = PLACEMENTS["twemproxy-ketama"].hashes


@dataclass
class Twemproxy:
    """nutcracker with a pool for each distribution and hash, over the same sinks."""

    process: Server
    sinks: list[Sink]
    ports: dict[str, int]
    servers: list[str]

    def locate(self, pool: str, keys: list[bytes]) -> list[int]:
        return asked_through((LOOPBACK, self.ports[pool]), keys, self.sinks)


@pytest.fixture(scope="module")
def twemproxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twemproxy]:
    """Servers of different weights: one with a name, one on port 11211, one on a unix socket, one on another port."""
    program = find_peer("nutcracker", "nutcracker")
    folder = tmp_path_factory.mktemp("twemproxy")
    host, port = default_port_address()
    path = str(folder / "sink.sock")
    sinks = [Sink((LOOPBACK, 0)), Sink((host, port)), Sink(path), Sink((LOOPBACK, 0))]
    servers = [f"{LOOPBACK}:{sinks[0].port}:3 alpha", f"{host}:{port}:1", f"{path}:2", f"{LOOPBACK}:{sinks[3].port}:2"]
    pools = {f"{distribution}-{name}": free_port() for distribution in ("ketama", "modula") for name in HASHES}
    process = start(
        "nutcracker", lambda stats: _command(program, folder, pools, servers, stats), port=pools["ketama-md5"]
    )
    for pool, port in pools.items():
        wait_for(lambda port=port: accepts((LOOPBACK, port)), f"{pool} to accept")
    yield Twemproxy(process, sinks, pools, servers)
    process.stop()
    for sink in sinks:
        sink.close()


def _command(program: str, folder: Path, pools: dict[str, int], servers: list[str], _: int) -> list[str]:
    lines = []
    for pool, port in pools.items():
        distribution, _, name = pool.partition("-")
        lines += [f"{pool}:", f"  listen: {LOOPBACK}:{port}", f"  hash: {name}", f"  distribution: {distribution}"]
        lines += ["  servers:", *(f"   - {server}" for server in servers)]
    settings = folder / "nutcracker.yml"
    settings.write_text("\n".join(lines) + "\n")
    stats = ["-s", str(free_port()), "-a", LOOPBACK]
    return [program, "-c", str(settings), "-o", str(folder / "log"), "-p", str(folder / "pid"), *stats]


@pytest.mark.parametrize("keys", [ascii_keys, byte_keys])
@pytest.mark.parametrize("name", HASHES)
def test_ketama(twemproxy, name, keys):
    count = 100_000 if name in ("fnv1a_64", "md5") else 20_000
    theirs = twemproxy.locate(f"ketama-{name}", keys(count))
    assert located(twemproxy.servers, keys(count), placement="twemproxy-ketama", hash=name) == theirs


@pytest.mark.parametrize("name", HASHES)
def test_modula(twemproxy, name):
    theirs = twemproxy.locate(f"modula-{name}", byte_keys(20_000))
    assert located(twemproxy.servers, byte_keys(20_000), placement="twemproxy-modula", hash=name) == theirs
