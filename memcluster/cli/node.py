"""`memcluster node`: one memcached node, started with memcached's own flags."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

import click

from memcluster import __version__
from memcluster.cli.options import options
from memcluster.config import overlay
from memcluster.log import LogSettings, configure
from memcluster.node.memcached_options import OPTIONS, Option, judge, judge_extended
from memcluster.node.settings import NodeSettings, ProcessSettings

if TYPE_CHECKING:
    from collections.abc import Callable

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


def memcached_options(function: Callable[..., None]) -> Callable[..., None]:
    """Options that memcached has and we only judge."""
    for option in reversed(OPTIONS):
        text = f"memcached's; {option.verdict.value}: {option.why}"
        function = click.option(
            *option.names,
            f"option_{option.names[0].strip('-')}",
            is_flag=option.metavar is None,
            metavar=option.metavar,
            help=text,
            expose_value=False,
            callback=_collect(option),
        )(function)
    return function


def _collect(option: Option) -> Callable[[click.Context, click.Parameter, Any], None]:
    def collect(context: click.Context, parameter: click.Parameter, value: str | bool | None) -> None:
        del parameter
        if value is not None and value is not False:
            given = context.meta.setdefault("memcached_options", [])
            given.append((option, value if isinstance(value, str) else None))

    return collect


def _print_license(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    del parameter
    if wanted:
        click.echo("memcluster is licensed under the Apache License, Version 2.0")
        context.exit()


@click.command(context_settings=CONTEXT)
@options(NodeSettings, "node")
@options(ProcessSettings, "node")
@options(LogSettings, "log")
@click.option("-o", "--extended", multiple=True, metavar="LIST", help="memcached's extended options, comma separated")
@memcached_options
@click.version_option(__version__, "-V", "--version", message="memcluster %(version)s")
@click.option(
    "-i", "--license", is_flag=True, is_eager=True, expose_value=False, callback=_print_license,
    help="Print the license and exit.",
)  # fmt: skip
@click.pass_context
def command(context: click.Context, /, *, extended: tuple[str, ...], **flags: Any) -> None:
    """Run one memcached node in the foreground.

    Takes memcached's own flags, so that its command line can stay. Listens on the loopback address unless -l says
    otherwise. Ends with SIGTERM or Ctrl-C, after what is begun.
    """
    outcome = judge(context.meta.get("memcached_options", []))
    extra = judge_extended(",".join(extended))
    flags |= {name: value for name, value in (outcome.changes | extra.changes).items() if flags.get(name) is None}
    settings = overlay(NodeSettings(), "node", os.environ, flags)
    process = overlay(ProcessSettings(), "node", os.environ, flags)
    configure(overlay(LogSettings(), "log", os.environ, flags), f"node {settings.unix_socket or settings.port}")
    for warning in outcome.warnings + extra.warnings:
        logging.getLogger(__name__).warning(warning)
    settings.check()

    # The engine is loaded for serving only: --help and a wrong flag answer without it.
    from memcluster.node.node import Node
    from memcluster.node.process import serve

    serve(
        lambda: Node(settings), process,
        connections_max=settings.connections_max, keep_output=settings.verbosity > 0,
    )  # fmt: skip
