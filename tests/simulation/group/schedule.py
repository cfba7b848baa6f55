"""One schedule: a start, some trouble, and an end at which all must be well again."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from tests.simulation.group.checks import Broken
from tests.simulation.group.trouble import TROUBLE, heal
from tests.simulation.group.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.simulation.group.bugs import Bugs

START_SECONDS = 0.25
TROUBLE_SECONDS = 3.0
SECONDS_BETWEEN = 0.4
HEALING_SECONDS = 4.5
HEALED_SHARE = 0.12
"""Of the schedules whose end is waited for: healing takes more turns than trouble."""

KINDS = {kind.__name__: (weight, kind) for weight, kind in TROUBLE}


def play(seed: int, bugs: Bugs | None = None, only: Sequence[str] = ()) -> World:
    """Plays it; Broken if something does not hold. `only`: these kinds of trouble."""
    world = World(seed, bugs)
    try:
        for until in script(world, only):
            world.kernel.run(until)
    except Broken as error:
        raise Broken(f"seed {seed} at {world.kernel.time:.3f} s: {error}") from error
    return world


def script(world: World, only: Sequence[str] = ()) -> Iterator[float]:
    """What happens to the world, between the times until which it is to be let run."""
    source = world.source
    world.begin()
    # A few kinds at a time: what one would show, another hides.
    names = only or source.sample(list(KINDS), source.randint(2, 6))
    weights = list(accumulate(KINDS[name][0] for name in names))
    time = START_SECONDS * (1 + source.random())
    while time < TROUBLE_SECONDS:
        yield time
        name = source.choices(names, cum_weights=weights)[0]
        KINDS[name][1](world)
        time += source.expovariate(1 / SECONDS_BETWEEN)
    yield TROUBLE_SECONDS
    if only or source.random() < HEALED_SHARE:
        heal(world)
        yield TROUBLE_SECONDS + HEALING_SECONDS
        look_at_the_end(world)


def look_at_the_end(world: World) -> None:
    """Somebody serves, all others follow it and are in sync, and writes are confirmed."""
    primary = world.serving()
    sync = world.store.sync
    if primary is None or sync is None:
        raise Broken(f"nobody serves: {world.supervisors[-1].loop._gist}")
    wanted = {node.name for node in world.config.nodes if not node.is_leaving}
    if not all(world.nodes[name].is_running for name in wanted):
        raise Broken("a node that is wanted does not run")
    if {*sync.members, primary.name} != wanted or set(sync.counted) != set(sync.members):
        raise Broken(f"in sync are {list(sync.members)}, counted {sync.counted}, with {primary.name}; wanted {wanted}")
    if len(primary.log) - primary.confirmed > 5 and primary.k:
        raise Broken(f"{primary.name} has {len(primary.log)} entries and only {primary.confirmed} confirmed")
    if sync.durability != world.config.durability:
        raise Broken(f"the durability is {sync.durability}, not {world.config.durability}")
