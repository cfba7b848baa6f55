"""A node keeps to its lease by itself: with its interpreter blocked, and with the whole process stopped for a while."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import redis

from tests.connection import open_socket
from tests.durability.members import PATIENCE_SECONDS, Member
from tests.servers import LOOPBACK, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCKED = """
import ctypes, sys
from memcluster import RedisNode
node = RedisNode(port=0, dir=sys.argv[1], memc_name="n1")
node.start()
print(node.port, flush=True)
# A call that never returns and does not let go of the interpreter's lock.
ctypes.PyDLL(None).pause()
"""


@pytest.fixture
def blocked(tmp_path: Path) -> Iterator[int]:
    """The port of a node whose interpreter does nothing any more."""
    process = subprocess.Popen([sys.executable, "-c", BLOCKED, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    yield int(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()


def client_of(port: int) -> redis.Redis:
    return redis.Redis(port=port, protocol=3, socket_timeout=PATIENCE_SECONDS, single_connection_client=True)


def serve_for(orders: redis.Redis, client: redis.Redis, milliseconds: int) -> float:
    """Promotes with a lease of so long, in which a first write is done; when it is over at the latest, by the clock of
    this process."""

    def serves() -> float | None:
        clock = orders.execute_command("MEMC.STATUS")[b"clock_ms"]
        try:
            orders.execute_command("MEMC.PROMOTE", 1, clock + milliseconds)
            until = time.monotonic() + milliseconds / 1000
            orders.execute_command("MEMC.INSYNC", 1, 1, "async")
        except redis.ResponseError:
            return None
        # On a busy machine the lease may be over before anything is written.
        return None if refused(client, 0) else until

    return wait_for(serves, "a write within a lease")


def refused(client: redis.Redis, value: int) -> redis.RedisError | None:
    """Why a write was not done, if it was not."""
    try:
        client.set("key", value)
    except redis.RedisError as error:
        return error
    return None


def test_a_lease_that_runs_out_fences_though_the_interpreter_is_blocked(blocked: int) -> None:
    orders, client = client_of(blocked), client_of(blocked)
    idle = open_socket((LOOPBACK, blocked), PATIENCE_SECONDS)
    until = serve_for(orders, client, 600)
    done, asked = 1, time.monotonic()
    while (refusal := refused(client, done)) is None:
        assert asked < until + 0.2, "it still serves"
        done, asked = done + 1, time.monotonic()
    assert isinstance(refusal, redis.ConnectionError) or "fenced" in str(refusal), refusal
    with idle:
        assert idle.recv(1) == b"", "it is closed, though nobody asked anything over it"
    fresh = client_of(blocked)
    with pytest.raises(redis.ResponseError, match="fenced"):
        fresh.get("key")
    role = orders.execute_command("MEMC.STATUS")[b"role"]
    assert role == b"fenced"
    clock = orders.execute_command("MEMC.STATUS")[b"clock_ms"]
    assert orders.execute_command("MEMC.LEASE", 1, clock + 60_000) == b"OK"
    assert client_of(blocked).get("key") == str(done - 1).encode()


def test_what_was_asked_while_the_process_was_stopped_is_not_served_afterwards(tmp_path: Path) -> None:
    member = Member("n1", tmp_path)
    client = member.client()
    serve_for(member.orders, client, 500)
    member.server.freeze()
    connection = client.connection
    assert connection
    connection.send_command("GET", "key")
    over = time.monotonic() + 0.6
    wait_for(lambda: time.monotonic() > over, "the lease to be over")
    member.server.signal(signal.SIGCONT)
    with pytest.raises(redis.RedisError) as raised:
        connection.read_response()
    assert isinstance(raised.value, redis.ConnectionError) or "fenced" in str(raised.value), raised.value
    member.stop()


def test_a_restarted_node_takes_no_older_order(tmp_path: Path) -> None:
    member = Member("n1", tmp_path)
    assert member.order("MEMC.SEAL", 7)[1] == 0
    member.server.kill()
    member = Member("n1", tmp_path)
    assert (member.status["epoch"], member.status["role"]) == (7, "fenced")
    for order in (
        ("MEMC.FOLLOW", 6, "127.0.0.1", 1),
        ("MEMC.PROMOTE", 6, 1 << 50),
        ("MEMC.SEAL", 6),
        ("MEMC.LEASE", 6, 1),
    ):
        with pytest.raises(redis.ResponseError, match="seen 7"):
            member.order(*order)
    member.stop()
