"""One schedule: a start, some trouble, an end at which all must be well again. `python -m tests.simulation.group SEED`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from tests.simulation.group.bugs import Bugs
from tests.simulation.group.checks import Broken
from tests.simulation.group.kernel import Kernel
from tests.simulation.group.trouble import TROUBLE, heal
from tests.simulation.group.world import World

START_SECONDS = 0.25
TROUBLE_SECONDS = 3.5
SECONDS_BETWEEN = 0.45
HEALING_SECONDS = 4.5
HEALED_SHARE = 0.12
"""Of the schedules whose end is waited for: healing takes more turns than trouble."""

WEIGHTS = {kind.__name__: (weight, kind) for weight, kind in TROUBLE}


def play(
    seed: int, bugs: Bugs | None = None, kernel: Kernel | None = None, only: Sequence[str] = ()
) -> World:
    """Plays it; Broken if something does not hold, with the seed that plays it again. `only`: these kinds of trouble."""
    world = World(seed, bugs, kernel)
    try:
        world.begin()
        make_trouble(world, only)
        if only or world.source.random() < HEALED_SHARE:
            heal(world)
            world.kernel.run(TROUBLE_SECONDS + HEALING_SECONDS)
            look_at_the_end(world)
    except Broken as error:
        raise Broken(f"seed {seed} at {world.kernel.time:.3f} s: {error}") from error
    return world


def make_trouble(world: World, only: Sequence[str]) -> None:
    """A few kinds at a time: what one would show, another hides."""
    source, kernel = world.source, world.kernel
    names = only or source.sample(list(WEIGHTS), source.randint(2, 6))
    weights = list(accumulate(WEIGHTS[name][0] for name in names))
    time = START_SECONDS * (1 + source.random())
    while time < TROUBLE_SECONDS:
        kernel.run(time)
        name = source.choices(names, cum_weights=weights)[0]
        WEIGHTS[name][1](world)
        time += source.expovariate(1 / SECONDS_BETWEEN)
    kernel.run(TROUBLE_SECONDS)


def look_at_the_end(world: World) -> None:
    """Somebody serves, all others follow it and are in sync, and writes are confirmed."""
    primary = world.serving()
    sync = world.store.sync
    if primary is None or sync is None:
        raise Broken(f"nobody serves: {world.supervisors[-1].loop._said}")
    wanted = {node.name for node in world.config.nodes if not node.is_leaving}
    if set(world.nodes[name].name for name in wanted if world.nodes[name].is_running) != wanted:
        raise Broken("a node that is wanted does not run")
    if {*sync.members, primary.name} != wanted or set(sync.counted) != set(sync.members):
        raise Broken(f"in sync are {list(sync.members)}, counted {sync.counted}, with {primary.name}; wanted {wanted}")
    if len(primary.log) - primary.confirmed > 5 and primary.k:
        raise Broken(f"{primary.name} has {len(primary.log)} entries and only {primary.confirmed} confirmed")
    if sync.durability != world.config.durability:
        raise Broken(f"the durability is {sync.durability}, not {world.config.durability}")
