"""`memcluster failover`: another node of a group becomes primary, now; or a test that it would."""

from __future__ import annotations

from typing import Any

import click

from memcluster.cli.supervised import ask, event_line, port_option
from memcluster.redis.group.controls import REQUEST

WAIT_SECONDS = 60.0


@click.group()
def command() -> None:
    """Fail a group over now, or test that it would.

    `now` holds writes for a moment, and goes on without the old primary if it does not answer. `test` lets the
    primary's lease run out, as if its machine were gone: clients see what they would see then.
    """


@command.command("now")
@click.argument("group", required=False)
@click.option("--accept-loss", is_flag=True, help="even if the nodes that answer may lack acknowledged writes")
@port_option
def now(group: str | None, port: int | None, *, accept_loss: bool) -> None:
    """Make the best replica primary now, whether the primary answers or not."""
    follow(port, kind="now", group=group, accept_loss=accept_loss)


@command.command("test")
@click.argument("group", required=False)
@port_option
def test(group: str | None, port: int | None) -> None:
    """Treat the primary as if it were gone, and see the group heal."""
    follow(port, kind="test", group=group)


def follow(port: int | None, **wanted: Any) -> None:
    """Asks, and prints what happens until it has come about."""
    for event in ask(port, REQUEST, WAIT_SECONDS, **wanted):
        click.echo(event_line(event))
