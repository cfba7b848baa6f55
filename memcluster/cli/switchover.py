"""`memcluster switchover`: a planned change of a group's primary."""

from __future__ import annotations

import click

from memcluster.cli.failover import follow
from memcluster.cli.supervised import port_option


@click.command()
@click.argument("group", required=False)
@click.option("--to", metavar="NODE", help="which node is to be primary; without it: the best replica")
@port_option
def command(group: str | None, to: str | None, port: int | None) -> None:
    """Make another node of GROUP primary; no write is lost.

    Writes are held until the new primary has them all, for `pause_max` at most.
    """
    follow(port, kind="switchover", group=group, to=to)
