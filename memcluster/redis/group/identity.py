"""Names of supervisors: such that another one on this machine can tell whether the bearer is certainly gone."""

from __future__ import annotations

import os

from memcluster.cluster.record import process_ticks
from memcluster.cluster.store.embedded import boot_id


def own_name() -> str:
    """This process: the machine's run, the process id, and when the process was started."""
    return f"{boot_id()}:{os.getpid()}:{process_ticks(os.getpid())}"


def is_gone(name: str) -> bool:
    """Whether the supervisor of this name has ended. One that is only stopped (SIGSTOP) has not, and may go on."""
    boot, _, process = name.partition(":")
    if boot != boot_id():
        return True
    pid, _, ticks = process.partition(":")
    return str(process_ticks(int(pid))) != ticks
