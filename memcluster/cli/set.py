"""`memcluster set`: store a value."""

from __future__ import annotations

import math
import os
import sys
import time

import click

from memcluster.cli.client import as_key, connected, find_address, server_options
from memcluster.config import Seconds
from memcluster.errors import MemclusterError

FLAGS_MAX = (1 << 32) - 1
RELATIVE_SECONDS_MAX = 30 * 24 * 3600
"""memcached reads more than that as a date."""


@click.command()
@click.argument("key")
@click.argument("value")
@click.option("--ttl", default="0", metavar="TIME", help="forget it after so long: 60, 5m, 2h; 0: never")
@click.option(
    "--flags", type=click.IntRange(0, FLAGS_MAX), default=0, metavar="NUM", help="the client flags stored with it"
)
@server_options
def command(*, key: str, value: str, ttl: str, flags: int, server: str | None, port: int | None) -> None:
    """Store VALUE under KEY; - reads the value from standard input."""
    name = as_key(key)
    try:
        expire = expiry(Seconds.parse(ttl), time.time())
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--ttl") from None
    content = sys.stdin.buffer.read() if value == "-" else os.fsencode(value)
    with connected(find_address(server, port)) as client:
        if not client.set(name, content, expire=expire, noreply=False, flags=flags):
            raise MemclusterError(f"{key}: not stored")


def expiry(seconds: float, now: float) -> int:
    """A time to live as memcached reads it: whole seconds, of which 0 is for ever, and a date if it is a long one."""
    whole = math.ceil(seconds)
    return whole if whole <= RELATIVE_SECONDS_MAX else math.ceil(now) + whole
