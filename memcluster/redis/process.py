"""A Redis-mode node as a process: what it does to itself before and while it serves."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from memcluster.errors import ConfigError
from memcluster.node import process
from memcluster.node.settings import ProcessSettings
from memcluster.redis.node import RedisNode
from memcluster.redis.watch import LOOK_SECONDS, ROWS, Watch

if TYPE_CHECKING:
    from memcluster.redis.settings import RedisSettings
    from memcluster.redis.watch import Watched


def serve(settings: RedisSettings) -> None:
    """Runs a node until something ends it; NodeError if it could not start or failed."""
    # Redis has no directive for a user: it stays who it is.
    around = ProcessSettings(daemon=settings.daemonize, pidfile=settings.pidfile, user="root")
    process.serve(
        lambda: RedisNode(settings),
        around if os.geteuid() == 0 else ProcessSettings(daemon=around.daemon, pidfile=around.pidfile),
        connections_max=settings.maxclients,
        keep_output=settings.logfile is not None,
        watch=lambda node: Watch(node.info, watched(settings)).look,
        look_seconds=LOOK_SECONDS,
    )


def watched(settings: RedisSettings) -> list[Watched]:
    """What the node is to speak of."""
    is_of_group = any(given.name == "memc-name" for given in settings.served)
    return [row for row in ROWS if row.is_of_groups or not is_of_group]


def enter(settings: RedisSettings) -> None:
    """Goes to the working directory and sends what is logged to the file, if one is named."""
    try:
        os.chdir(settings.dir)
    except OSError as error:
        raise ConfigError(f"dir {settings.dir}: {error.strerror}: name a directory that there is") from None
    if settings.logfile is None:
        return
    try:
        log = os.open(settings.logfile, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise ConfigError(f"logfile {settings.logfile}: {error.strerror}: name a file that can be written") from None
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    os.close(log)
