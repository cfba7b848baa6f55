"""`memcluster group`: what is done to a whole group that runs."""

from __future__ import annotations

import click

from memcluster.cli.supervised import ask, port_option
from memcluster.redis.group.controls import DELETE


@click.group()
def command() -> None:
    """Delete a group that runs."""


@command.command()
@click.argument("group")
@click.option("--final-snapshot", "snapshot", metavar="NAME", help="what the snapshot is called that is taken before")
@click.option("--skip-final-snapshot", "skips", is_flag=True, help="take none: its data are gone then")
@port_option
def delete(group: str, snapshot: str | None, port: int | None, *, skips: bool) -> None:
    """Delete GROUP: its clients are closed, its nodes stopped, its folder removed.

    The final snapshot is taken when the primary serves nobody any more: all that was acknowledged is in it. If it
    cannot be taken, the group goes on as before.
    """
    if (snapshot is None) == (not skips):
        raise click.UsageError("give either --final-snapshot NAME or --skip-final-snapshot")
    for said in ask(port, DELETE, None, group=group, snapshot=snapshot):
        click.echo(said)
