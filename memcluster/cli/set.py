"""`memcluster set`: store a value."""

from __future__ import annotations

import os
import sys

import click

from memcluster.cli.client import connected, find_address, server_options
from memcluster.config import Seconds
from memcluster.errors import MemclusterError


@click.command()
@click.argument("key")
@click.argument("value")
@click.option("--ttl", default="0", metavar="TIME", help="forget it after so long: 60, 5m, 2h; 0: never")
@click.option("--flags", default=0, metavar="NUM", help="the client flags stored with it")
@server_options
def command(*, key: str, value: str, ttl: str, flags: int, server: str | None, port: int | None) -> None:
    """Store VALUE under KEY; - reads the value from standard input."""
    try:
        seconds = round(Seconds.parse(ttl))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--ttl") from None
    content = sys.stdin.buffer.read() if value == "-" else os.fsencode(value)
    with connected(find_address(server, port)) as client:
        if not client.set(key, content, expire=seconds, noreply=False, flags=flags):
            raise MemclusterError(f"{key}: not stored")
