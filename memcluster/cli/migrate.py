"""`memcluster migrate`: the data of a running Redis into a node of ours, while its clients go on writing.

Every step looks at both servers and can be taken from any shell; passwords come from the environment.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from memcluster.redis.client import AUTH_VARIABLE, Client, Login

if TYPE_CHECKING:
    from collections.abc import Callable

    from memcluster.redis.migration.judgement import Progress
    from memcluster.redis.migration.steps import Ends

F = TypeVar("F", bound="Callable[..., Any]")
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
SOURCE_AUTH_VARIABLE = "SOURCE_AUTH"
WAIT_SECONDS = 10.0


def target_options(function: F) -> F:
    """Which server of ours takes the data."""
    function = click.option("--user", metavar="NAME", help=f"who asks it; the password: {AUTH_VARIABLE}")(function)
    return click.option(
        "-s", "--server", required=True, metavar="HOST:PORT", help="the node of ours that takes the data: a primary"
    )(function)


source_user_option = click.option(
    "--source-user", metavar="NAME", help=f"who asks the source; the password: {SOURCE_AUTH_VARIABLE}"
)


@click.group(context_settings=CONTEXT)
def command() -> None:
    """Move the data of a running Redis here, and follow it until the clients come over.

    test, start, status until it follows, complete. Whatever happens, the source is not changed.
    """


@command.command()
@click.argument("source", metavar="SOURCE")
@target_options
@source_user_option
@click.option("--replace", is_flag=True, help="what the node holds may go")
def test(source: str, server: str, user: str | None, source_user: str | None, *, replace: bool) -> None:
    """Say whether the node could follow SOURCE (HOST:PORT), and what stands in the way."""
    from memcluster.redis.migration import steps

    there, here = steps.test(_ends(source, server, user, source_user), replaces=replace)
    click.echo(
        f"{server} can follow {source}: Redis {there.version}, {there.keys} keys, {there.used_memory} bytes of memory; "
        f"here are {here.keys} keys, which will go"
    )


@command.command()
@click.argument("source", metavar="SOURCE")
@target_options
@source_user_option
@click.option("--replace", is_flag=True, help="what the node holds may go")
def start(source: str, server: str, user: str | None, source_user: str | None, *, replace: bool) -> None:
    """Make the node a replica of SOURCE (HOST:PORT)."""
    from memcluster.redis.migration import steps

    steps.start(_ends(source, server, user, source_user), replaces=replace)
    click.echo(f"{server} follows {source}: see how far with `memcluster migrate status --server {server}`")


@command.command()
@target_options
@source_user_option
@click.option("--json", "as_json", is_flag=True, help="print JSON")
def status(server: str, user: str | None, source_user: str | None, *, as_json: bool) -> None:
    """Say how far it is: link, offsets, lag."""
    from memcluster.redis.migration import steps

    with Client(server, Login.from_environment(user)) as target:
        found = steps.status(target, _source_login(source_user))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(asdict(found))).decode())
    else:
        click.echo(_sentence(server, found))


@command.command()
@target_options
@source_user_option
@click.option("--wait", "wait_seconds", default=WAIT_SECONDS, show_default=True, help="seconds to catch up at most")
@click.option("--pause-source", "pauses", is_flag=True, help="hold the source's writers meanwhile: no write is lost")
def complete(server: str, user: str | None, source_user: str | None, wait_seconds: float, *, pauses: bool) -> None:
    """Make the node a primary as soon as it holds all that the source has."""
    from memcluster.redis.migration import steps

    with Client(server, Login.from_environment(user)) as target:
        found = steps.complete(
            target, _source_login(source_user), wait_seconds=wait_seconds, pauses=pauses, each=lambda _: None
        )
    click.echo(f"{server} is a primary with {found.keys} keys, at offset {found.offset} of {found.source}")
    if pauses:
        held_seconds = wait_seconds + steps.PAUSE_SPARE_SECONDS
        click.echo(
            f"{found.source} holds its writers for {held_seconds:g} s from when this began: point the clients at "
            f"{server} and stop it before then"
        )
    else:
        click.echo(
            f"What is written to {found.source} from now on is not here: point the clients at {server} and stop it"
        )


@command.command()
@target_options
def stop(server: str, user: str | None) -> None:
    """End it where it is: the node keeps what it has and follows nobody."""
    from memcluster.redis.migration import steps

    with Client(server, Login.from_environment(user)) as target:
        before = steps.stop(target)
    click.echo(f"{server} follows {before.primary} no more; it keeps {before.keys} keys, FLUSHALL removes them")


def _ends(source: str, server: str, user: str | None, source_user: str | None) -> Ends:
    from memcluster.redis.migration.steps import Ends

    return Ends(source, server, _source_login(source_user), Login.from_environment(user))


def _source_login(user: str | None) -> Login:
    return Login.from_environment(user, SOURCE_AUTH_VARIABLE)


def _sentence(server: str, found: Progress) -> str:
    from memcluster.redis.migration.judgement import Phase

    match found.phase:
        case Phase.NONE:
            return f"{server} follows nobody: there is no migration"
        case Phase.CONNECTING:
            return f"{server} tries to reach {found.source}: the link is {found.link}; its log says why"
        case Phase.SYNCING:
            return f"{server} takes over the data of {found.source}: {found.sync_left_bytes} bytes are left"
    if found.lag_bytes is None:
        return f"{server} follows {found.source}, which does not answer us; at offset {found.offset}"
    return (
        f"{server} follows {found.source}: offset {found.offset} of {found.source_offset}, {found.lag_bytes} bytes "
        f"behind, {found.keys} keys" + ("; it can be completed" if found.has_caught_up else "")
    )
