"""Nodes die, hang and come back at random while a client writes and reads: schedules from seeds, which replay.

No read may return a value older than the last acknowledged write of its key; a node comes back only after it was
flushed; and once all nodes are well, all are up and in the rings.
"""

import os

import pytest

from memcluster.proxy.pools import single_pool
from tests.simulation.schedule import hang_for_a_while, live, simulate
from tests.simulation.world import World

SERVERS = [f"10.0.0.{number}:11211" for number in range(1, 5)]
SEEDS = range(int(os.environ.get("SIMULATION_SEEDS", "12")))


@pytest.fixture
def document():
    return single_pool(SERVERS, {"down": "eject"})


@pytest.mark.parametrize("seed", SEEDS)
def test_no_stale_value_returns(document, seed):
    world = World(document, seed)
    client = simulate(live, world)
    assert not world.router.down
    assert not world.watch.out
    assert all(node.strays == 0 for node in world.watch.view.values())
    assert world.transport.flushes > 0
    assert world.transport.sweeps > 0
    assert client.answers["refused"] < client.answers["hit"]


def test_a_seed_replays(document):
    first, second = (simulate(live, World(document, 7)).answers for _ in range(2))
    assert first == second


def test_without_the_flush_stale_values_return(document):
    """That the simulation would notice."""

    async def forget(address: str) -> None:
        """Acknowledges, but flushes nothing."""

    failures = 0
    for seed in range(6):
        world = World(document, seed)
        world.transport.flush = forget
        try:
            simulate(live, world)
        except* AssertionError:
            failures += 1
    assert failures


def test_without_the_sweep_stale_values_return(document):
    async def leave(address: str, is_stray: object) -> int:
        return 0

    failures = 0
    for seed in range(6):
        world = World(document, seed)
        world.transport.sweep = leave
        try:
            simulate(live, world)
        except* AssertionError:
            failures += 1
    assert failures


@pytest.mark.parametrize("policy", ["fail", "miss"])
def test_other_policies_move_no_key(policy):
    """And probes bring the node back without a flush."""
    world = World(single_pool(SERVERS, {"down": policy}), 1)
    held_before = world.router.document
    simulate(hang_for_a_while, world)
    assert not world.router.down
    assert world.router.document == held_before
    assert world.transport.flushes == world.transport.sweeps == 0
