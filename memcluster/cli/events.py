"""`memcluster events`: what has happened to a group."""

from __future__ import annotations

import json

import click

from memcluster.cli.supervised import ask, event_line, port_option
from memcluster.redis.group.controls import EVENTS


@click.command()
@click.argument("group", required=False)
@click.option("--follow", "-f", is_flag=True, help="go on with what happens, until Ctrl-C")
@click.option("--last", type=click.IntRange(min=0), default=100, metavar="NUM", help="so many of the past  [100]")
@click.option("--json", "as_json", is_flag=True, help="print a JSON object a line")
@port_option
def command(group: str | None, last: int, port: int | None, *, follow: bool, as_json: bool) -> None:
    """Say what has happened to GROUP, and what happens."""
    try:
        for event in ask(port, EVENTS, None, group=group, last=last, follow=follow):
            click.echo(json.dumps(event) if as_json else event_line(event))
    except KeyboardInterrupt:
        pass
