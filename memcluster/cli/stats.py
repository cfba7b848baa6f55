"""`memcluster stats`: a server's counters."""

from __future__ import annotations

import click

from memcluster.cli.client import TIMEOUT_SECONDS, connected, find_address, server_options
from memcluster.cluster import information


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
        with connected(address) as client:
            rows = {_text(name): _text(value) for name, value in client.stats(*group.split()).items()}
    width = max((len(name) for name in rows), default=0)
    for name, value in rows.items():
        click.echo(f"{name:{width}}  {value}")


def _of_redis(address: str, group: str) -> dict[str, str] | None:
    """INFO; None where no Redis answers."""
    try:
        fields = information.ask(address, TIMEOUT_SECONDS)
    except OSError:
        return None
    return None if fields is None else {name: value for name, value in fields.items() if group in name}


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
