"""One schedule: a start, some trouble, an end at which all must be well again. `python -m tests.simulation.group SEED`."""

from __future__ import annotations

from itertools import accumulate

from tests.simulation.group.bugs import Bugs
from tests.simulation.group.checks import Broken
from tests.simulation.group.kernel import Kernel
from tests.simulation.group.trouble import TROUBLE, heal
from tests.simulation.group.world import World

START_SECONDS = 0.5
TROUBLE_SECONDS = 4.0
SECONDS_BETWEEN = 0.5
HEALING_SECONDS = 5.0
HEALED_SHARE = 0.25
"""Of the schedules whose end is waited for: healing takes more turns than trouble."""

KINDS = [kind for _, kind in TROUBLE]


def play(seed: int, bugs: Bugs | None = None, kernel: Kernel | None = None) -> World:
    """Plays it; Broken if something does not hold, with the seed that plays it again."""
    world = World(seed, bugs, kernel)
    try:
        world.begin()
        time = START_SECONDS * (1 + world.source.random())
        # A few kinds of trouble at a time: what one needs to show, another hides.
        some = world.source.sample(range(len(KINDS)), world.source.randint(2, 6))
        kinds, weights = [KINDS[place] for place in some], list(accumulate(TROUBLE[place][0] for place in some))
        while time < TROUBLE_SECONDS:
            world.kernel.run(time)
            world.source.choices(kinds, cum_weights=weights)[0](world)
            time += world.source.expovariate(1 / SECONDS_BETWEEN)
        world.kernel.run(TROUBLE_SECONDS)
        if world.source.random() < HEALED_SHARE:
            heal(world)
            world.kernel.run(TROUBLE_SECONDS + HEALING_SECONDS)
            look_at_the_end(world)
    except Broken as error:
        raise Broken(f"seed {seed} at {world.kernel.time:.3f} s: {error}") from error
    return world


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
