"""`memcluster get`: read keys."""

from __future__ import annotations

import sys

import click

from memcluster.cli.client import as_key, connected, find_address, server_options


@click.command()
@click.argument("keys", nargs=-1, required=True, metavar="KEY…")
@server_options
def command(*, keys: tuple[str, ...], server: str | None, port: int | None) -> None:
    """Print the values of keys: of one key the value, of several `KEY VALUE` lines. A miss is exit code 1."""
    wanted = [as_key(key) for key in keys]
    with connected(find_address(server, port)) as client:
        found = client.get_many(wanted)
    for key in wanted:
        if key in found:
            prefix = key + b" " if len(keys) > 1 else b""
            sys.stdout.buffer.write(prefix + found[key] + b"\n")
        else:
            click.echo(key + b": not found", err=True)
    if len(found) < len(set(wanted)):
        sys.exit(1)
