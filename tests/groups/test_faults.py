"""A group under load while its processes are killed and stopped: what was acknowledged is there, and nobody reads back.

The load appends to lists and reads them, through the primary port and, as Sentinel's clients do, at the primary itself,
so that what a deposed primary still has in its sockets is seen, too. As many rounds of each kind as one likes are
played by `GROUP_ROUNDS=50 pytest -o faulthandler_timeout=0 tests/groups`.
"""

import itertools
import math
import os
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest

from memcluster.redis import resp
from memcluster.redis.group.settings import GroupSettings
from tests.cli.running import are_gone
from tests.concurrency.serializable import anomalies
from tests.connection import Address, Connection
from tests.groups.appends import Load, by_port, by_sentinel, final
from tests.groups.one_thread import stopped_first_thread
from tests.groups.running import Group, ask, running_group
from tests.groups.writability import Clock, Witness, epoch_of
from tests.servers import start_redis_mode, wait_for

ROUNDS = int(os.environ.get("GROUP_ROUNDS", "2"))
LEASE_SECONDS = float(GroupSettings().lease_ttl)
WRITABLE_SECONDS = {
    "kill -9 of the primary": (1.5, 3.0),
    "SIGSTOP of the primary": (3.0, 3.0),
    "its Python only": (0.3, 1.0),
    "kill -9 of the supervisor": (1.5, 3.0),
}
"""The longest time without a write: its median, and at most."""
SLACK = 1.0 if ROUNDS >= 10 else 2.0
"""Of a few rounds, beside the rest of a suite, one that the machine held up is half. A killed primary gets none."""
PAUSE_MAX_SECONDS = 0.3
AGAIN_MAX = 0 if ROUNDS >= 10 else 2
"""Of a few rounds, so many that took too long are played again: the machine may have had no time for them."""
HEAL_SECONDS = 60.0
TAIL, FILLING = 60, "x" * 1_000_000
"""More than sockets hold: of less the replicas would have it all, frozen or not."""
NUMBERS = """
local found = {}
for _, value in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
    local number = string.match(value, '^%d+')
    if value == number .. ':' .. ARGV[1] then found[#found + 1] = number end
end
return found
"""
"""Elements themselves are too many bytes to be sent."""


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    with running_group(tmp_path_factory.mktemp("group"), durability="sync:1") as group:
        yield group


@pytest.fixture(scope="module")
def lax_group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    with running_group(tmp_path_factory.mktemp("lax"), durability="async") as group:
        yield group


@contextmanager
def watched(group: Group, name: str) -> Iterator[tuple[Load, Clock, Witness]]:
    """Load, a clock and witnesses; afterwards the group is whole, and in each epoch one node took writes."""
    finds = [by_port(group.address)] * 3 + [by_sentinel(group.sentinel)] * 3
    addresses = {node: group.node_address(node) for node in group.nodes()}
    with ExitStack() as stack:
        load, clock, witness = (
            stack.enter_context(each) for each in (Load(name, finds), Clock(group.address), Witness(addresses))
        )
        wait_for(lambda: load.tally["answered"] > 50 or load.faults, "the load to run", HEAL_SECONDS)
        yield load, clock, witness
        answered = load.tally["answered"]
        wait_for(lambda: load.tally["answered"] > answered + 50 or load.faults, "the load to go on", HEAL_SECONDS)
        group.wait_until_whole()
    assert witness.writes > 0
    assert all(len(takers) == 1 for takers in witness.takers.values()), dict(witness.takers)


def check(group: Group, load: Load) -> None:
    """Every acknowledged append is there, and what was read happened in one order that respects time."""
    held = final(group.address, load.keys)
    assert not anomalies(load.history, held)


# --- what is done to the group in the middle of it


def kill_primary(group: Group) -> None:
    group.process(group.primary()).kill()


def stop_primary(group: Group) -> None:
    """For longer than its lease; then it goes on, with what waits in its sockets."""
    primary = group.primary()
    process, epoch = group.process(primary), group.status()["epoch"]
    process.suspend()
    wait_for(lambda: group.status()["epoch"] > epoch and group.status()["primary"], "another primary", HEAL_SECONDS)
    wait_for(lambda: takes_writes(group), "writes to be taken", HEAL_SECONDS)
    process.resume()


def stop_python_of_primary(group: Group) -> None:
    """The first thread of the primary stands still: its engine serves on, and nobody needs to take over."""
    primary = group.primary()
    epoch = group.status()["epoch"]
    with stopped_first_thread(group.process(primary).pid):
        until = time.monotonic() + 1.5 * LEASE_SECONDS
        wait_for(lambda: time.monotonic() > until, "more than a lease", HEAL_SECONDS)
        assert (group.status()["epoch"], group.primary()) == (epoch, primary)
        wait_for(lambda: takes_writes(group), "writes to be taken")


def stop_supervisor(group: Group) -> None:
    """Nobody renews the lease: the primary fences itself, its Python stopped or not, and serves when it is renewed."""
    primary = group.node_address(group.primary())
    pid = group.process(group.primary()).pid
    with stopped_first_thread(pid):
        group.signal_supervisor(signal.SIGSTOP)
        try:
            wait_for(lambda: is_fenced(primary), "the primary to fence itself", 2 * LEASE_SECONDS)
        finally:
            group.signal_supervisor(signal.SIGCONT)
    wait_for(lambda: takes_writes(group), "writes to be taken again", HEAL_SECONDS)


def kill_supervisor(group: Group) -> None:
    """Its nodes end with it; started again at once it waits for that, and goes on with what they hold."""
    children = group.kill_supervisor()
    group.start()
    assert are_gone(children)


def takes_writes(group: Group) -> bool:
    try:
        with Connection(group.address, 1.0) as connection:
            return not isinstance(ask(connection, "SET", "probe", "x"), resp.Refusal)
    except (OSError, TimeoutError):
        return False


def is_fenced(address: tuple[str, int]) -> bool:
    try:
        with Connection(address, 1.0) as connection:
            return epoch_of(connection) is None
    except (OSError, TimeoutError):
        # A connection that has not been answered yet is a client's: fencing closes it.
        return False


FAULTS: dict[str, Callable[[Group], None]] = {
    "kill -9 of the primary": kill_primary,
    "SIGSTOP of the primary": stop_primary,
    "its Python only": stop_python_of_primary,
    "SIGSTOP of the supervisor": stop_supervisor,
    "kill -9 of the supervisor": kill_supervisor,
}


def longest_times(play: Callable[[int], float], most_seconds: float) -> list[float]:
    """Without a write, of each round that counts; `play(number)` plays one."""
    numbers = itertools.count()
    gaps: list[float] = []
    again = AGAIN_MAX
    while len(gaps) < ROUNDS:
        gap = play(next(numbers))
        if gap > most_seconds and again:
            print(f"played again: {gap:.2f} s without a write")
            again -= 1
        else:
            gaps.append(gap)
    return gaps


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_acknowledged_is_lost_and_nothing_is_read_back(group: Group, fault: str) -> None:
    median, most = WRITABLE_SECONDS.get(fault, (math.inf, math.inf))
    slack = 1.0 if fault == "kill -9 of the primary" else SLACK

    def play(number: int) -> float:
        with watched(group, f"{fault.replace(' ', '-')}:{number}") as (load, clock, _):
            began = time.monotonic()
            FAULTS[fault](group)
        check(group, load)
        return clock.gap_seconds(began)

    gaps = longest_times(play, median * slack)
    print(f"{fault}: longest time without a write: {', '.join(f'{gap:.2f} s' for gap in gaps)}")
    assert statistics.median(gaps) <= median * slack, gaps
    assert max(gaps) <= most * slack, gaps


def test_a_switchover_holds_writes_for_a_moment(group: Group) -> None:
    def play(number: int) -> float:
        before, lost_before = group.primary(), losses(group)
        with watched(group, f"switchover:{number}") as (load, clock, _):
            began = time.monotonic()
            said = group.up.run("switchover", "orders")
            assert said.returncode == 0, said.stderr
        check(group, load)
        assert group.primary() != before
        assert losses(group) == lost_before
        return clock.gap_seconds(began)

    gaps = longest_times(play, PAUSE_MAX_SECONDS)
    print(f"switchover: longest time without a write: {', '.join(f'{gap:.3f} s' for gap in gaps)}")
    assert max(gaps) <= PAUSE_MAX_SECONDS, gaps


@pytest.mark.parametrize("is_rewritten", [False, True], ids=["as it was written", "rewritten"])
def test_without_waiting_for_replicas_what_is_lost_is_said(lax_group: Group, is_rewritten: bool) -> None:
    """A primary that is stopped goes on with a tail that nobody has: it is set aside and counted."""
    group = lax_group
    for number in range(ROUNDS):
        said_before, key = len(losses(group)), f"tail:{is_rewritten}:{number}"
        primary = group.primary()
        frozen = freeze_replicas(group, primary)
        assert len(frozen) == len(group.nodes()) - 1
        with Connection(group.node_address(primary)) as connection:
            for value in range(TAIL):
                said = ask(connection, "RPUSH", key, f"{value}:{FILLING}")
                assert not isinstance(said, resp.Refusal)
            if is_rewritten:
                rewrite_log(connection)
        process = group.process(primary)
        process.suspend()
        for replica in frozen:
            replica.resume()
        wait_for(lambda primary=primary: group.status()["primary"] not in (None, primary), "a failover", HEAL_SECONDS)  # type: ignore[misc]
        wait_for(lambda: takes_writes(group), "writes to be taken", HEAL_SECONDS)
        process.resume()
        group.wait_until_whole()
        wait_for(lambda said=said_before: len(losses(group)) > said, "the event")  # type: ignore[misc]
        assert "bytes that the primary does not have" in losses(group)[-1]
        folder = group.folder / "orders" / primary
        lost = set(range(TAIL)) - elements(group.address, key)
        assert lost
        in_log, in_base = set_aside(folder, key)
        assert lost <= in_log | in_base, "all of it is set aside"
        assert lost <= in_base or not is_rewritten
        for path in folder.glob("lost-*"):
            path.unlink()


def rewrite_log(connection: Connection) -> None:
    def is_over() -> bool:
        told = resp.text(ask(connection, "INFO", "persistence"))
        return "aof_rewrite_in_progress:0" in told and "aof_rewrite_scheduled:0" in told

    # One may be on its way that began before the last write.
    wait_for(is_over, "an earlier rewrite to end", HEAL_SECONDS)
    assert not isinstance(ask(connection, "BGREWRITEAOF"), resp.Refusal)
    wait_for(is_over, "the log to be rewritten", HEAL_SECONDS)


def elements(address: Address, key: str) -> set[int]:
    """The numbers of a list's elements that are whole."""
    with Connection(address, HEAL_SECONDS) as connection:
        # One that has just begun loads its data first.
        wait_for(lambda: not isinstance(ask(connection, "DBSIZE"), resp.Refusal), "data to be loaded", HEAL_SECONDS)
        return {int(resp.text(number)) for number in ask(connection, "EVAL", NUMBERS, "1", key, FILLING)}


def set_aside(folder: Path, key: str) -> tuple[set[int], set[int]]:
    """Which of a list's elements stand in the logs that were set aside, and which in those logs' bases."""
    logs = [path.read_bytes() for path in folder.glob("lost-*.aof")]
    in_log = {value for value in range(TAIL) if any(f"\n{value}:{FILLING}\r\n".encode() in log for log in logs)}
    in_base: set[int] = set()
    for base in folder.glob("lost-*.base.rdb"):
        reader = start_redis_mode("--load", str(base))
        try:
            in_base |= elements(reader.address, key)
        finally:
            reader.stop()
    return in_log, in_base


def losses(group: Group) -> list[str]:
    """What events say of writes that were set aside."""
    return [event["sentence"] for event in group.events() if event["kind"] == "lost"]


def freeze_replicas(group: Group, primary: str) -> list[psutil.Process]:
    """Those that were frozen."""
    frozen = [group.process(name) for name in group.nodes() if name != primary]
    for process in frozen:
        process.suspend()
    return frozen
