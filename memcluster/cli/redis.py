"""`memcluster redis`: one Redis-mode node, started with redis-server's own command line."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from memcluster import __version__
from memcluster.errors import ConfigError
from memcluster.log import LogSettings, configure
from memcluster.redis.configuration import COMMAND_LINE, read_arguments
from memcluster.redis.directives import Verdict, by_name
from memcluster.redis.settings import from_environment, settle

if TYPE_CHECKING:
    from memcluster.redis.settings import RedisSettings

CONTEXT = {"help_option_names": [], "ignore_unknown_options": True, "max_content_width": 110}


class RedisCommand(click.Command):
    """A command whose help lists the directives that are served."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """A line a directive: every other one is in the documentation."""
        del ctx
        served = [row for row in dict.fromkeys(by_name().values()) if row.is_served]
        for title, verdict in (("Directives of the process", Verdict.PROCESS), ("Of the server", Verdict.ENGINE)):
            with formatter.section(title):
                formatter.write_dl(
                    [
                        (" ".join(f"--{name}" for name in (row.name, *row.aliases)), f"{row.about} [{row.default}]")
                        for row in served
                        if row.verdict is verdict
                    ]
                )


@click.command(cls=RedisCommand, context_settings=CONTEXT, options_metavar="[FILE|-] [--DIRECTIVE WORDS]...")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="")
@click.pass_context
def command(context: click.Context, /, *, arguments: tuple[str, ...]) -> None:
    """Run one Redis-mode node in the foreground.

    Takes redis-server's own command line: a redis.conf, then directives. Listens on the loopback address unless --bind
    says otherwise. Ends with SIGTERM or Ctrl-C, after what is begun.

    `memcluster redis check FILE` says what an RDB file or a log holds and where it is broken.
    """
    if set(arguments) & {"-h", "--help"}:
        click.echo(context.get_help())
        return
    if set(arguments) & {"-v", "-V", "--version"}:
        click.echo(f"memcluster {__version__}")
        return
    if arguments[:1] == ("check",):
        _check(arguments[1:])
        return
    (*read,) = read_arguments(arguments)
    named = [given for given in read if given.place == COMMAND_LINE]
    filed = [given for given in read if given.place != COMMAND_LINE]
    settings = settle([*filed, *from_environment(os.environ), *named])

    # The engine is loaded for serving only: --help and a wrong directive answer without it.
    from memcluster.redis.process import enter, serve

    enter(settings)
    configure(_log(settings), f"redis {settings.port or settings.unixsocket or ''}".strip())
    for warning in settings.warnings:
        logging.getLogger(__name__).warning(warning)
    serve(replace(settings, dir="."))


def _check(files: tuple[str, ...]) -> None:
    """Looks through files: what they hold, and where they are broken."""
    from memcluster.redis.check import check

    if not files:
        raise ConfigError("redis check: name the files to look through")
    broken = False
    for name in files:
        for checked in check(Path(name)):
            for line in checked.lines:
                click.echo(line)
            if checked.wrong:
                broken = True
                click.echo(f"  BROKEN {checked.wrong}", err=True)
    if broken:
        raise SystemExit(1)


def _log(settings: RedisSettings) -> LogSettings:
    return msgspec.convert({"format": settings.log_format, "level": settings.loglevel}, LogSettings)
