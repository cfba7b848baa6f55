"""`memcluster migrate`: the data of a running Redis into a node of ours, while its clients go on writing.

Every step looks at both servers and can be taken from any shell; passwords come from the environment.
"""

from __future__ import annotations

import functools
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from memcluster.cli.supervised import ask, port_option
from memcluster.cluster import record
from memcluster.cluster.information import AUTH_VARIABLE
from memcluster.errors import MemclusterError, MigrationError
from memcluster.redis.client import Client, Login
from memcluster.redis.migration.controls import HOLD, NODE, RELEASE

if TYPE_CHECKING:
    from collections.abc import Callable

    from memcluster.redis.migration.judgement import Progress

F = TypeVar("F", bound="Callable[..., Any]")
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
SOURCE_AUTH_VARIABLE = "SOURCE_AUTH"
WAIT_SECONDS = 10.0


@dataclass(frozen=True)
class Here:
    """What takes the data: a server, or a group that runs here."""

    server: str | None
    group: str | None
    port: int | None
    login: Login

    @property
    def words(self) -> str:
        """How it was named on the command line."""
        named = (("--server", self.server), ("--group", self.group), ("--port", self.port))
        return "".join(f" {option} {value}" for option, value in named if value is not None)

    def node(self) -> str:
        """The address of the server, or of the group's primary."""
        return self.server or str(self._ask(NODE))

    def hold(self, source: str) -> str:
        """The same address; from now on nobody but us decides what that node does."""
        return self.server or str(self._ask(HOLD, source=source))

    def promote(self, target: Client) -> str:
        """Makes it a primary, or lets its group do so; where clients are to go."""
        if self.server:
            target.ask("REPLICAOF", "NO", "ONE")
            return self.server
        # What the source was told is not what the group's own nodes are told.
        target.ask("CONFIG", "SET", "masteruser", "")
        target.ask("CONFIG", "SET", "masterauth", self.login.password or "")
        return str(self._ask(RELEASE, adopts=True))

    def give_back(self) -> None:
        """The group decides again about its node, whatever it is."""
        if not self.server:
            self._ask(RELEASE, adopts=False)

    def _ask(self, name: str, **parameters: Any) -> Any:
        (said,) = ask(self.port, name, None, instead=record.OR_SERVER, group=self.group, **parameters)
        return said


def target_options(function: F) -> F:
    """What takes the data, as a `Here`."""

    @functools.wraps(function)
    def command(
        *arguments: Any, server: str | None, group: str | None, port: int | None, user: str | None, **others: Any
    ) -> Any:
        if server is not None and group is not None:
            raise click.UsageError("give either --server or --group")
        return function(*arguments, here=Here(server, group, port, Login.from_environment(user)), **others)

    for option in (
        click.option("--user", metavar="NAME", help=f"who asks it; the password: {AUTH_VARIABLE}"),
        port_option,
        click.option("--group", metavar="NAME", help="or a group that runs here (if it is the only one, say nothing)"),
        click.option("-s", "--server", metavar="HOST:PORT", help="a server of ours that takes the data: a primary"),
    ):
        command = option(command)
    return command  # type: ignore[return-value]


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
@click.option("--replace", is_flag=True, help="what the server holds may go")
def test(source: str, source_user: str | None, *, here: Here, replace: bool) -> None:
    """Say whether SOURCE (HOST:PORT) could be followed, and what stands in the way."""
    from memcluster.redis.migration import steps

    node = here.node()
    there, ours = steps.test(steps.Ends(source, node, _source_login(source_user), here.login), replaces=replace)
    click.echo(
        f"{node} can follow {source}: Redis {there.version}, {there.keys} keys, {there.used_memory} bytes of memory; "
        f"here are {ours.keys} keys, which will go"
    )


@command.command()
@click.argument("source", metavar="SOURCE")
@target_options
@source_user_option
@click.option("--replace", is_flag=True, help="what the server holds may go")
def start(source: str, source_user: str | None, *, here: Here, replace: bool) -> None:
    """Make the server, or the group's primary, a replica of SOURCE (HOST:PORT)."""
    from memcluster.redis.migration import steps

    steps.test(steps.Ends(source, here.node(), _source_login(source_user), here.login), replaces=replace)
    node = here.hold(source)
    try:
        steps.start(steps.Ends(source, node, _source_login(source_user), here.login), replaces=replace)
    except BaseException:
        # Ctrl-C as well: a group that is held serves nobody.
        with suppress(MemclusterError):
            here.give_back()
        raise
    click.echo(f"{node} follows {source}: see how far with `memcluster migrate status{here.words}`")


@command.command()
@target_options
@source_user_option
@click.option("--json", "as_json", is_flag=True, help="print JSON")
def status(source_user: str | None, *, here: Here, as_json: bool) -> None:
    """Say how far it is: link, offsets, lag."""
    from memcluster.redis.migration import steps

    node = here.node()
    with Client(node, here.login) as target:
        found = steps.status(target, _source_login(source_user))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(asdict(found))).decode())
    else:
        click.echo(_sentence(node, found))


@command.command()
@target_options
@source_user_option
@click.option(
    "--wait",
    "wait_seconds",
    type=click.FloatRange(min=0),
    default=WAIT_SECONDS,
    show_default=True,
    help="seconds to catch up at most",
)
@click.option("--pause-source", "pauses", is_flag=True, help="hold the source's writers meanwhile: no write is lost")
def complete(source_user: str | None, wait_seconds: float, *, here: Here, pauses: bool) -> None:
    """Make it a primary as soon as it holds all that the source has."""
    from memcluster.redis.migration import steps

    went: list[str] = []
    with Client(here.node(), here.login) as target:
        found = steps.complete(
            target,
            _source_login(source_user),
            wait_seconds=wait_seconds,
            pauses=pauses,
            promote=lambda target: went.append(here.promote(target)),
        )
    (place,) = went
    click.echo(f"{place} is a primary with {found.keys} keys, at offset {found.offset} of {found.source}")
    if pauses:
        held_seconds = wait_seconds + steps.PAUSE_SPARE_SECONDS
        click.echo(
            f"{found.source} holds its writers for {held_seconds:g} s from when this began: point the clients at "
            f"{place} and stop it before then"
        )
    else:
        click.echo(
            f"What is written to {found.source} from now on is not here: point the clients at {place} and stop it"
        )


@command.command()
@target_options
def stop(*, here: Here) -> None:
    """End it where it is: the server keeps what it has and follows nobody."""
    from memcluster.redis.migration import steps

    with Client(here.node(), here.login) as target:
        try:
            before = steps.stop(target, here.promote)
        except MigrationError:
            # A node of a group that was started again meanwhile follows nobody, and the group waits all the same.
            here.give_back()
            raise
    click.echo(f"{target.address} follows {before.primary} no more; it keeps {before.keys} keys, FLUSHALL removes them")


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
