"""`memcluster delete`: delete keys."""

from __future__ import annotations

import sys

import click

from memcluster.cli.client import as_key, connected, find_address, server_options


@click.command()
@click.argument("keys", nargs=-1, required=True, metavar="KEY…")
@server_options
def command(*, keys: tuple[str, ...], server: str | None, port: int | None) -> None:
    """Delete keys. One that is not there is exit code 1."""
    missing = 0
    wanted = [as_key(key) for key in keys]
    with connected(find_address(server, port)) as client:
        for key in wanted:
            if not client.delete(key, noreply=False):
                click.echo(key + b": not found", err=True)
                missing += 1
    if missing:
        sys.exit(1)
