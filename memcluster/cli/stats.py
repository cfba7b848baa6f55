"""`memcluster stats`: a server's counters."""

from __future__ import annotations

import os

import click
from pymemcache.exceptions import MemcacheUnknownCommandError

from memcluster.cli.client import TIMEOUT_SECONDS, connected, find_address, server_options
from memcluster.cluster import information
from memcluster.errors import MemclusterError


@click.command()
@click.argument("group", required=False, default="")
@server_options
def command(*, group: str, server: str | None, port: int | None) -> None:
    """Print the counters of a server, or of GROUP: settings, items, slabs, sizes, conns, proxy.

    Of a Redis-mode node, or of any Redis, it prints INFO, or the fields whose name holds GROUP.
    """
    address = find_address(server, port)
    rows = _of_redis(address, group)
    if rows is None:
        rows = _of_memcached(address, group)
    width = max((len(name) for name in rows), default=0)
    for name, value in rows.items():
        click.echo(f"{name:{width}}  {value}")


def _of_memcached(address: str, group: str) -> dict[str, str]:
    words = [os.fsencode(word) for word in group.split()]
    with connected(address) as client:
        try:
            return {_text(name): _text(value) for name, value in client.stats(*words).items()}
        except MemcacheUnknownCommandError:
            raise MemclusterError(
                f"{address} has no counters {group!r}: `memcluster stats --help` says which"
            ) from None


def _of_redis(address: str, group: str) -> dict[str, str] | None:
    """INFO; None where no Redis answers."""
    try:
        fields = information.ask(address, TIMEOUT_SECONDS)
    except OSError:
        return None
    if fields is None:
        return None
    found = {name: value for name, value in fields.items() if group in name}
    if group and not found:
        raise MemclusterError(f"{address}: no field of INFO has {group!r} in its name: leave it out to see them all")
    return found


def _text(value: object) -> str:
    # pymemcache makes some counters of 0 and 1 booleans.
    number = int(value) if isinstance(value, bool) else value
    return number.decode(errors="replace") if isinstance(number, bytes) else str(number)
