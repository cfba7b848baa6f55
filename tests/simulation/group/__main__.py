"""`python -m tests.simulation.group SEED [COUNT]`: plays schedules again, with what the supervisor says."""

import logging
import sys
import time

from tests.simulation.group.schedule import play

first, count = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
if count == 1:
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
started = time.process_time()
for seed in range(first, first + count):
    play(seed)
print(f"{count} schedules in {time.process_time() - started:.2f} s of processor time")
