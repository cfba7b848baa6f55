"""`memcluster bench`: load-tests a memcached server or cluster, ours or any other, or one that speaks RESP."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memcluster.cli.client import TIMEOUT_SECONDS, find_address
from memcluster.cli.load import measure, show, title, to_json
from memcluster.cluster import information
from memcluster.config import Seconds
from memcluster.errors import ConfigError, MemclusterError
from memcluster.load import plot, workload
from memcluster.load.presets import PRESETS
from memcluster.load.runs import faults
from memcluster.node.daemon import allow_descriptors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# What neither an option nor a preset says.
DEFAULTS = {"keys": 100_000, "key_bytes": 23, "value_bytes": {"kind": "fixed", "bytes": 100}, "set_share": 0.1}
SECONDS, WARM_UP_SECONDS = 10.0, 1.0
FILL_CONNECTIONS, FILL_PIPELINE = 4, 64
# memcached reads longer times as dates.
TTL_SECONDS_MAX = 30 * 24 * 3600
STANDARD_OUTPUT = Path("-")
CONNECTIONS_MAX, THREADS_MAX, RATE_MAX = 1_000_000, 1024, 10_000_000
# What a count may be in JSON for the generator, which knows more narrowly.
COUNT = click.IntRange(0, 10**18)
PROTOCOLS = ("text", "meta", "resp")


def _reads(read: Callable[[str], Any]) -> Callable[[click.Context, click.Parameter, str | None], Any]:
    def callback(context: click.Context, parameter: click.Parameter, text: str | None) -> Any:
        try:
            return None if text is None else read(text)
        except ValueError as error:
            raise click.BadParameter(str(error), context, parameter) from None

    return callback


def _reads_commands(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> Any:
    read = _reads(workload.command)
    return [read(context, parameter, text) for text in texts]


@click.command()
@click.option(
    "-s",
    "--server",
    "servers",
    multiple=True,
    metavar="WHERE",
    help="test this, HOST:PORT or a process's name; several stand side by side, each with all keys [the proxy here]",
)
@click.option(
    "--protocol",
    type=click.Choice(PROTOCOLS),
    default="text",
    show_default=True,
    help="memcached's text or meta protocol, or Redis's",
)
@click.option("--port", type=int, metavar="NUM", help="the cluster whose proxy has this port, if several run")
@click.option(
    "--preset",
    type=click.Choice(list(PRESETS)),
    metavar="NAME",
    help="the shape of a real cluster; other options override it",
)
@click.option("--list-presets", is_flag=True, help="say which presets there are, and from where")
@click.option(
    "--seconds", callback=_reads(Seconds.parse), metavar="TIME", help=f"how long [{SECONDS:g}s, or until --requests]"
)
@click.option("--requests", default=0, type=COUNT, metavar="NUM", help="end after so many requests")
@click.option(
    "--connections",
    "-c",
    default=50,
    type=click.IntRange(1, CONNECTIONS_MAX),
    show_default=True,
    metavar="NUM",
    help="over all threads",
)
@click.option(
    "--threads",
    "-t",
    default=1,
    type=click.IntRange(1, THREADS_MAX),
    show_default=True,
    metavar="NUM",
    help="of the generator",
)
@click.option(
    "--pipeline", default=1, type=COUNT, show_default=True, metavar="NUM", help="requests sent at once on a connection"
)
@click.option("--keys-per-get", default=1, type=COUNT, show_default=True, metavar="NUM", help="keys in one get")
@click.option("--ratio", callback=_reads(workload.ratio), metavar="GET:SET[:DELETE]", help="kinds of request [9:1]")
@click.option(
    "--command",
    "commands",
    multiple=True,
    callback=_reads_commands,
    metavar="[WEIGHT*]COMMAND",
    help="with --protocol resp: ask this instead, as 'LPUSH list:__key__ __value__'; __number__ is below --keys",
)
@click.option("--keys", type=COUNT, metavar="NUM", help=f"different keys [{DEFAULTS['keys']}]")
@click.option("--key-size", "key_bytes", type=COUNT, metavar="BYTES", help=f"of each key [{DEFAULTS['key_bytes']}]")
@click.option(
    "--value-size",
    "value_bytes",
    callback=_reads(workload.value_size),
    metavar="SIZES",
    help="100, uniform:10-500, lognormal:MEDIAN,SIGMA, table:BYTES=WEIGHT,… [100]",
)
@click.option(
    "--distribution",
    "popularity",
    callback=_reads(workload.distribution),
    metavar="KIND",
    help="uniform, zipf:0.99, hotspot:KEYS,REQUESTS, sequential, recorded:FILE [uniform]",
)
@click.option(
    "--rate",
    type=click.FloatRange(0, RATE_MAX),
    default=0.0,
    metavar="NUM",
    help="requests a second, sent on time whether answered or not (open loop) [as fast as answers come]",
)
@click.option("--ttl", callback=_reads(Seconds.parse), metavar="TIME", help="of what is set [for ever]")
@click.option("--warm-up", callback=_reads(Seconds.parse), metavar="TIME", help=f"not counted [{WARM_UP_SECONDS:g}s]")
@click.option("--fill/--no-fill", default=None, help="set every key before [yes, unless there is a --command]")
@click.option("--verify", is_flag=True, help="compare every value read; a wrong one is an error")
@click.option("--seed", default=1, type=COUNT, show_default=True, metavar="NUM", help="the same asks the same")
@click.option(
    "--json",
    "output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="write the report there; - is standard output",
)
@click.option(
    "--plot",
    "plots",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="draw throughput and latency: .png or .svg",
)
def command(
    *,
    servers: tuple[str, ...],
    port: int | None,
    preset: str | None,
    list_presets: bool,
    fill: bool | None,
    output: Path | None,
    plots: tuple[Path, ...],
    **chosen: Any,
) -> None:
    """Load-test a memcached server or cluster, or a Redis server: 10 seconds, 50 connections, unless told otherwise.

    Latency counts from when a request was sent, or with --rate from when it should have been. Ctrl-C ends the run and
    reports it. Exit code 1: some answer was wrong or missing.
    """
    if list_presets:
        _show_presets()
        return
    plot.check(plots)
    _refuse_unwritable(output, plots)
    settings = make_settings(chosen, preset)
    settings["servers"] = [find_address(server, port) for server in servers or (None,)]
    if fill is None:
        fill = not settings["commands"]
    if settings["commands"] and settings["protocol"] != "resp":
        raise ConfigError("--command: only with --protocol resp")
    _refuse_strangers(settings["servers"], settings["protocol"])
    allow_descriptors(settings["connections"])
    with _named_by_flags():
        if fill:
            _fill(settings)
        report = measure(settings, "load")
    if output == STANDARD_OUTPUT:
        click.echo(to_json(settings, report))
    else:
        show(report)
    _write(settings, report, output, plots)
    if faults(report):
        sys.exit(1)


def make_settings(chosen: dict[str, Any], preset: str | None) -> dict[str, Any]:
    """Defaults, then the preset, then the options that were given."""
    given = {name: value for name, value in chosen.items() if value is not None}
    shares = given.pop("ratio", {})
    lives = given.pop("ttl", 0)
    ttl = {"ttl_seconds": max(1, round(lives))} if lives else {}
    if ttl.get("ttl_seconds", 0) > TTL_SECONDS_MAX:
        raise ConfigError(f"--ttl {ttl['ttl_seconds']}: at most {TTL_SECONDS_MAX} seconds, 30 days")
    is_counted = bool(given["requests"])
    given["seconds"] = float(given.get("seconds", 0.0 if is_counted else SECONDS))
    given["warm_up_seconds"] = float(given.pop("warm_up", 0.0 if is_counted else WARM_UP_SECONDS))
    return {**DEFAULTS, **(PRESETS[preset].settings() if preset else {}), **given, **shares, **ttl}


@contextmanager
def _named_by_flags() -> Iterator[None]:
    """The generator's word for a setting that cannot be is the option's name: here it becomes what was typed."""
    try:
        yield
    except MemclusterError as error:
        name, colon, what = str(error).partition(":")
        flags = {option.name: option.opts[0] for option in command.params}
        raise MemclusterError(flags.get(name, name) + colon + what) from None


def _fill(settings: dict[str, Any]) -> None:
    """Sets every key on every server: several servers stand side by side, nothing places keys between them."""
    names = ("protocol", "keys", "key_bytes", "value_bytes", "ttl_seconds")
    keys = {name: settings[name] for name in names if name in settings}
    loop = {"workload": "fill", "connections": FILL_CONNECTIONS, "pipeline": FILL_PIPELINE}
    for server in settings["servers"]:
        report = measure({**keys, **loop, "servers": [server]}, "fill")
        if report["is_interrupted"]:
            raise MemclusterError("interrupted while the keys were set: nothing was measured")
        if report["unanswered"]:
            said = f"{report['unanswered']} sets were not answered, {report['connections_lost']} connections lost"
            raise MemclusterError(f"{server}: {said}: is it well, and does it speak {settings['protocol']}?")
        if report["errors"]:
            said = f"{report['errors']} of {settings['keys']} sets were refused, the first with {report['first_error']}"
            click.echo(f"memcluster: {server}: {said}", err=True)


def _write(settings: dict[str, Any], report: dict[str, Any], output: Path | None, plots: tuple[Path, ...]) -> None:
    try:
        if output and output != STANDARD_OUTPUT:
            output.write_text(to_json(settings, report) + "\n", encoding="utf-8")
        if plots:
            plot.draw(plots, report, title(settings, report))
    except OSError as error:
        raise MemclusterError(f"{error.filename}: {error.strerror}: what was measured is not written there") from None


def _refuse_unwritable(output: Path | None, plots: tuple[Path, ...]) -> None:
    """Before a run, and not after it."""
    for file in plots if output in (None, STANDARD_OUTPUT) else (output, *plots):
        if file.is_dir() or not os.access(file.parent, os.W_OK):
            raise ConfigError(f"{file}: no file can be written there: name one in a folder that there is")


def _refuse_strangers(servers: list[str], protocol: str) -> None:
    """A server of another protocol answers nothing that ends the wait for it, and a silent one nothing at all."""
    asked, wanted = (b"*1\r\n$4\r\nPING\r\n", "Redis's") if protocol == "resp" else (b"version\r\n", "memcached's")
    for server in servers:
        try:
            said = information.first_answer(server, asked, TIMEOUT_SECONDS)
        except TimeoutError:
            silent = (
                f"{server} does not answer within {TIMEOUT_SECONDS:g} s: is a server of {wanted} kind running there?"
            )
            raise MemclusterError(silent) from None
        except OSError:
            continue  # the run says what is wrong
        if said.startswith(b"-") and protocol != "resp":
            raise ConfigError(f"{server} speaks Redis's protocol: give --protocol resp")
        if said.startswith(b"ERROR") and protocol == "resp":
            raise ConfigError(f"{server} does not speak Redis's protocol: is it memcached? Leave out --protocol resp")
        if said.startswith(b"HTTP/"):
            raise ConfigError(f"{server} speaks HTTP: name a server that speaks {wanted} protocol")


def _show_presets() -> None:
    for row in PRESETS.values():
        click.echo(f"{row.name:13} {row.what}\n{'':13} {row.source}")
