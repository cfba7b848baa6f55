"""`python -m tests.simulation.group SEED`: a schedule again, with what its supervisors say. `… FIRST COUNT`: many."""

import gc
import json
import logging
import sys

from tests.simulation.group.checks import Broken
from tests.simulation.group.schedule import play

FAILURES_MAX = 10


def many(first: int, count: int) -> int:
    """Plays them, prints what fails and, last, what happened in all."""
    # Nothing of a world outlives it but cycles: collect them between worlds, not in the middle of each.
    gc.disable()
    failures = acknowledged = elections = losses = 0
    for seed in range(first, first + count):
        try:
            world = play(seed)
        except Broken as error:
            print(error, flush=True)
            failures += 1
            if failures == FAILURES_MAX:
                break
            continue
        acknowledged += world.checks.acknowledged
        elections += len(world.store.leaders)
        losses += world.checks.losses
        if seed % 100 == 0:
            gc.collect()
    totals = {"schedules": count, "acknowledged": acknowledged, "elections": elections, "losses": losses}
    print(json.dumps(totals))
    return 1 if failures else 0


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit(many(int(sys.argv[1]), int(sys.argv[2])))
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    play(int(sys.argv[1]))
