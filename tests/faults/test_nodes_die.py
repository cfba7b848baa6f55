"""A node is killed, or hangs, under load: every policy does what it says, and no answer is another request's."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.connection import Connection, ask, statistics
from tests.faults.load import Load
from tests.servers import Server, start_node, start_proxy_over_nodes, wait_for

Started = Callable[[Server], Server]
KEYS = [b"key:%d" % number for number in range(120)]
QUICK = ("--request-timeout", "300ms", "--connect-timeout", "300ms", "--failure-limit", "2", "--threads", "2")
PROBES = ("--probe-interval", "50ms", "--probe-interval-max", "200ms", "--probe-timeout", "300ms")
ATTEMPTS_MAX = 5
policies = pytest.mark.parametrize("policy", ["fail", "miss", "eject"])


class HeldUpError(Exception):
    """Another node than the victim was asked in vain: the machine had no time for it."""


def start_cluster(policy: str) -> Server:
    return start_proxy_over_nodes(3, "--down", policy, *QUICK, *PROBES, node_flags=("-t", "2"))


def state(proxy: Server, node: Server) -> str:
    return statistics(proxy.address, "proxy")[f"node:{node.endpoint}:state"]


def wait_until(wanted: str, proxy: Server, node: Server) -> None:
    wait_for(lambda: state(proxy, node) == wanted, f"{node.endpoint} to be {wanted}")


def gets(proxy: Server) -> dict[bytes, bytes]:
    """The first line of the answer to each key."""
    with Connection(proxy.address) as connection:
        return {key: answer(connection, b"get %b\r\n" % key) for key in KEYS}


def sets(proxy: Server, value: bytes) -> dict[bytes, bytes]:
    with Connection(proxy.address) as connection:
        return {key: connection.ask(b"set %b 0 0 %d\r\n%b\r\n" % (key, len(value), value)) for key in KEYS}


def answer(connection: Connection, sent: bytes) -> bytes:
    line = connection.ask(sent)
    if line.startswith(b"VALUE "):
        return line + connection.receive_until(b"END\r\n")
    return line


def held_by(node: Server) -> set[bytes]:
    return {key for key in KEYS if ask(node.address, b"get %b\r\n" % key, b"END\r\n") != b"END\r\n"}


@contextmanager
def others_answer(proxy: Server, victim: Server) -> Iterator[None]:
    """What is asserted inside holds as long as no other node fails; HeldUpError if one has."""
    try:
        yield
    except AssertionError as error:
        counted = statistics(proxy.address, "proxy")
        others = [node.endpoint for node in proxy.children if node.endpoint != victim.endpoint]
        if any(int(counted[f"node:{other}:{what}"]) for other in others for what in ("errors", "timeouts")):
            raise HeldUpError from error
        raise


def play(once: Callable[[], None]) -> None:
    """Again, if a busy machine has held another node up for longer than a request may take."""
    for _ in range(ATTEMPTS_MAX - 1):
        with suppress(HeldUpError):
            return once()
    return once()


@contextmanager
def loaded(proxy: Server) -> Iterator[Load]:
    with Load(proxy.address) as load:
        try:
            load.wait_for_more("hit")
            yield load
            load.wait_for_more("hit")
        finally:
            assert not load.wrong, load.wrong[:3]


@policies
def test_a_killed_node(policy: str, started: Started) -> None:
    play(lambda: kill_a_node(policy, started))


def kill_a_node(policy: str, started: Started) -> None:
    proxy = started(start_cluster(policy))
    victim = proxy.children[0]
    with others_answer(proxy, victim):
        lost = filled(proxy, victim)
    with loaded(proxy) as load:
        victim.kill()
        wait_until("down", proxy, victim)
        load.wait_for_more("stored")
        with others_answer(proxy, victim):
            check_policy(policy, proxy, victim, lost)
        proxy.children.append(started(start_node(port=victim.port)))
        wait_until("up", proxy, victim)
        # With `eject` the keys of a node that is held up move.
        wait_for(lambda: holds_again(proxy), "every key to be stored again")


def filled(proxy: Server, victim: Server) -> set[bytes]:
    """Stores every key; those that the victim holds."""
    assert set(sets(proxy, b"first").values()) == {b"STORED\r\n"}
    held = held_by(victim)
    assert 10 < len(held) < 100
    return held


def holds_again(proxy: Server) -> bool:
    is_stored = set(sets(proxy, b"third").values()) == {b"STORED\r\n"}
    return is_stored and all(b"third" in line for line in gets(proxy).values())


def check_policy(policy: str, proxy: Server, victim: Server, lost: set[bytes]) -> None:
    down = b"SERVER_ERROR node %b is down\r\n" % victim.endpoint.encode()
    read, written = gets(proxy), sets(proxy, b"second")
    others = set(KEYS) - lost
    assert all(b"first" in read[key] for key in others)
    assert {written[key] for key in others} == {b"STORED\r\n"}
    match policy:
        case "fail":
            assert {read[key] for key in lost} == {written[key] for key in lost} == {down}
        case "miss":
            assert {read[key] for key in lost} == {b"END\r\n"}
            assert {written[key] for key in lost} == {down}
        case _:
            assert {read[key] for key in lost} == {b"END\r\n"}
            assert {written[key] for key in lost} == {b"STORED\r\n"}
            assert all(b"second" in line for line in gets(proxy).values())


@policies
def test_a_node_that_hangs(policy: str, started: Started) -> None:
    """What it says when it wakes up reaches nobody; what it holds from before is not served if keys have moved."""
    play(lambda: let_a_node_hang(policy, started))


def let_a_node_hang(policy: str, started: Started) -> None:
    proxy = started(start_cluster(policy))
    victim = proxy.children[1]
    with others_answer(proxy, victim):
        lost = filled(proxy, victim)
    with loaded(proxy) as load:
        victim.freeze()
        load.wait_for_more("error", 1)
        wait_until("down", proxy, victim)
        load.wait_for_more("stored")
        with others_answer(proxy, victim):
            check_policy(policy, proxy, victim, lost)
        victim.signal(signal.SIGCONT)
        wait_until("up", proxy, victim)
    if policy == "eject":
        assert not any(b"first" in line for line in gets(proxy).values())
    wait_for(lambda: holds_again(proxy), "every key to be stored again")


def test_memory_and_descriptors_are_back(started: Started) -> None:
    """After many deaths of a node under load, the proxy holds no more than before."""
    proxy = started(start_cluster("fail"))
    victim = proxy.children[0]
    with loaded(proxy):
        pass
    wait_for(lambda: statistics(proxy.address)["curr_connections"] == "1", "clients to be gone")
    descriptors, resident = proxy.descriptors(), proxy.resident_bytes()
    with loaded(proxy):
        for _ in range(5):
            victim.kill()
            wait_until("down", proxy, victim)
            victim = started(start_node(port=victim.port))
            wait_until("up", proxy, victim)
    wait_for(lambda: proxy.descriptors() <= descriptors, f"descriptors to be {descriptors} again")
    assert proxy.resident_bytes() < resident + (16 << 20)
