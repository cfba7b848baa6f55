"""A replication group in simulation: schedules of crashes, freezes, partitions, drifting clocks and outages.

At every step: one writer an epoch; nothing confirmed is lost while any node has it; no read is older than what was
confirmed before it was asked; what is acknowledged in sync(k) is confirmed; the in-sync set keeps its law; epochs only
grow. At the end of some all must be well again. Seeds replay: `python -m tests.simulation.group SEED`.

GROUP_SCHEDULES says how many are played.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from memcluster.cluster.store.entries import StoreUnavailable
from memcluster.redis.group.election import FIRST_ANSWERS_SECONDS
from tests.simulation.group.bugs import PLANTS, Plant
from tests.simulation.group.checks import Broken
from tests.simulation.group.schedule import play
from tests.simulation.group.trio_kernel import play_under_trio
from tests.simulation.group.world import World

ROOT = Path(__file__).parents[2]
SCHEDULES = int(os.environ.get("GROUP_SCHEDULES", "20000"))
SCHEDULES_AT_A_TIME = 1000
SCHEDULES_UNDER_TRIO = 40
SEEDS_OF_PLANTS = 1_000_000
"""Where the schedules begin in which planted faults are looked for."""


@pytest.mark.parametrize("first", range(0, SCHEDULES, SCHEDULES_AT_A_TIME))
def test_every_schedule_keeps_the_invariants(first: int) -> None:
    workers = os.cpu_count() or 1
    share = -(-min(SCHEDULES_AT_A_TIME, SCHEDULES - first) // workers)
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.simulation.group", str(first + number * share), str(share)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(workers)
    ]
    outputs = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * workers, "\n".join(outputs)
    totals = [json.loads(output.splitlines()[-1]) for output in outputs]
    # That much happened in them.
    played = sum(total["schedules"] for total in totals)
    assert sum(total["acknowledged"] for total in totals) > 10 * played
    assert sum(total["elections"] for total in totals) > 1.5 * played


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_planted_faults_are_found(plant: Plant) -> None:
    with plant.planted() as bugs:
        for seed in range(SEEDS_OF_PLANTS, SEEDS_OF_PLANTS + plant.schedules_max):
            try:
                play(seed, bugs, only=plant.shown_by)
            except Broken:
                return
    raise AssertionError(f"not in {plant.schedules_max} schedules: {plant.name}")


def test_a_seed_replays() -> None:
    first, second = play(42), play(42)
    assert (first.written, first.kernel.time, first.store.leaders) == (
        second.written,
        second.kernel.time,
        second.store.leaders,
    )
    assert [node.log for node in first.nodes.values()] == [node.log for node in second.nodes.values()]


def test_schedules_under_trios_clock() -> None:
    """The same worlds, but time is trio's MockClock and tasks are trio's."""
    elections = 0
    for seed in range(SCHEDULES_UNDER_TRIO):
        elections += len(play_under_trio(seed).store.leaders)
    assert elections > SCHEDULES_UNDER_TRIO


def test_a_store_that_takes_nothing_is_complained_of_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one whose disk is full: it can be read all the while, which is no reason to say it again."""
    world = World(seed=1)
    world.begin()
    world.kernel.run(10)

    async def refuse(_: int) -> float:
        raise StoreUnavailable("the disk is full")

    for _ in range(2):
        with monkeypatch.context() as full:
            full.setattr(world.store, "keep_alive", refuse)
            world.kernel.run(world.kernel.time + 5)
        world.kernel.run(world.kernel.time + 5)
    said = [(line.levelname, line.message) for line in caplog.records if "store" in line.message]
    assert said == [("WARNING", "g: the state store does not answer: the disk is full")] * 2


def test_who_does_not_lead_complains_of_each_time_that_the_store_is_away(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing that it does there would say that it is back."""
    world = World(seed=1)
    world.begin()
    world.kernel.run(10)
    world.start_supervisor()
    world.kernel.run(world.kernel.time + 10)
    for _ in range(2):
        world.store.is_out = True
        world.kernel.run(world.kernel.time + 5)
        world.store.is_out = False
        world.kernel.run(world.kernel.time + 15)
    said = [line.message for line in caplog.records if "store does not answer" in line.message]
    assert len(said) == 4, said


def test_a_new_group_does_not_speak_of_loss_while_its_nodes_start(caplog: pytest.LogCaptureFixture) -> None:
    """One that is late is no news, one that stays away is."""
    caplog.set_level("INFO")
    world = World(seed=1)
    world.begin()
    late = list(world.nodes.values())[-1]
    late.crash()

    def waits() -> list[str]:
        return [line.message for line in caplog.records if "no primary of epoch" in line.message]

    world.kernel.run(FIRST_ANSWERS_SECONDS - 1)
    assert waits() == []
    world.kernel.run(2 * FIRST_ANSWERS_SECONDS)
    (said,) = waits()
    assert f"{late.name} has yet to say what it holds (`memcluster failover now --accept-loss` goes on" in said
    assert world.store.leaders == {}
    late.start()
    world.kernel.run(world.kernel.time + 5)
    assert world.store.leaders
