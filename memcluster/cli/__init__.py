"""What people type. One verb a module, imported only when it is the one that was typed."""

from __future__ import annotations

import importlib
import sys

import click

from memcluster import __version__
from memcluster.errors import MemclusterError

# Each module holds `command`. The text is here so that `memcluster --help` imports none of them.
VERBS: dict[str, tuple[str, str]] = {
    "up": ("memcluster.cli.up", "Start a cluster: nodes, and a proxy before them."),
    "node": ("memcluster.cli.node", "Run one memcached node; takes memcached's own flags."),
    "redis": ("memcluster.cli.redis", "Run one Redis-mode node; takes redis-server's own command line."),
    "proxy": ("memcluster.cli.proxy", "Run a proxy before memcached nodes."),
    "ring": ("memcluster.cli.ring", "Say where keys are, and which would move."),
    "status": ("memcluster.cli.status", "Say what runs and how it does."),
    "switchover": ("memcluster.cli.switchover", "Make another node of a group primary; no write is lost."),
    "failover": ("memcluster.cli.failover", "Fail a group over now, or test that it would."),
    "group": ("memcluster.cli.group", "Delete a group that runs, with a final snapshot or without."),
    "snapshot": ("memcluster.cli.snapshot", "Back up Redis mode: take, list, delete, restore, export."),
    "events": ("memcluster.cli.events", "Say what has happened to a group, and what happens."),
    "top": ("memcluster.cli.top", "Watch nodes live: rates, hit ratio, memory, latency."),
    "get": ("memcluster.cli.get", "Read keys."),
    "set": ("memcluster.cli.set", "Store a value."),
    "delete": ("memcluster.cli.delete", "Delete keys."),
    "migrate": ("memcluster.cli.migrate", "Move the data of a running Redis here while clients write."),
    "bench": ("memcluster.cli.bench", "Load-test a server or cluster: throughput, latency, errors."),
    "stats": ("memcluster.cli.stats", "Print a server's counters."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb, in the order of the table."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports the verb's module."""
        del ctx
        if cmd_name not in VERBS:
            return None
        command = importlib.import_module(VERBS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of verbs, without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in VERBS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="memcluster %(version)s")
def memcluster() -> None:
    """A memcached cluster in one command."""


def main() -> None:
    """The entry point: a MemclusterError is one line on stderr and exit code 1, not a traceback; so is a full disk."""
    try:
        memcluster(prog_name="memcluster")
    except (MemclusterError, OSError) as error:
        click.echo(f"memcluster: {error}", err=True)
        sys.exit(1)
