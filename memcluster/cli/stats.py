"""`memcluster stats`: a server's counters."""

from __future__ import annotations

import click

from memcluster.cli.client import connected, find_address, server_options


@click.command()
@click.argument("group", required=False, default="")
@server_options
def command(*, group: str, server: str | None, port: int | None) -> None:
    """Print the counters of a server, or of GROUP: settings, items, slabs, sizes, conns, proxy."""
    with connected(find_address(server, port)) as client:
        rows = client.stats(*group.split())
    width = max((len(name) for name in rows), default=0)
    for name, value in rows.items():
        shown = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
        click.echo(f"{name.decode(errors='replace'):{width}}  {shown}")
