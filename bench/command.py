"""The command line: which scenarios, against whom, and where the results go."""

import dataclasses
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click

import memcluster
from bench import contest, report, tables
from bench.contest import Options
from bench.generator import GeneratorError
from bench.peers import GENERATORS, NODES, PROXIES
from bench.processes import ServerError, allow_many_sockets
from bench.scenario import Scenario
from bench.scenarios import SCENARIOS, traced


def _names(_context: click.Context, _parameter: click.Parameter, text: str) -> tuple[str, ...]:
    names = tuple(name for name in text.split(",") if name)
    unknown = [name for name in names if name not in {**NODES, **PROXIES}]
    if unknown:
        raise click.BadParameter(f"{unknown[0]} is none of {', '.join(sorted({**NODES, **PROXIES}))}")
    return names


def _name(context: click.Context, parameter: click.Parameter, text: str) -> str:
    return _names(context, parameter, text)[0]


@click.command(help="Measure SCENARIOS (all if none is named; what is no name means all whose names begin so).")
@click.argument("names", nargs=-1, metavar="[SCENARIO]...")
@click.option(
    "--against", default="memcached,nutcracker,floor", show_default=True, callback=_names, help="Peers, by comma."
)
@click.option(
    "--behind",
    default="memcached",
    show_default=True,
    type=click.Choice(sorted(NODES)),
    help="Nodes behind the proxies.",
)
@click.option(
    "--ours", default="memcluster", show_default=True, callback=_name, help="Who is compared with the others."
)
@click.option(
    "--before",
    type=click.Path(exists=True, path_type=Path),
    help="Another checkout of ours, built in place, takes part too.",
)
@click.option("--rounds", default=5, show_default=True, help="Turns of each contender.")
@click.option("--seconds", default=0.2, show_default=True, help="Length of one turn.")
@click.option(
    "--trace", "traces", multiple=True, metavar="FILE=MEDIAN", help="For `trace`: accesses, median value size in bytes."
)
@click.option("--accesses", default=500_000, show_default=True, help="For `trace`: only so many.")
@click.option("--load-mb", default=100, show_default=True, help="For `redis-load`: so much data.")
@click.option("--json", "output", type=click.Path(path_type=Path), help="Write everything that was measured there.")
@click.option(
    "--report",
    "reported",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Measure nothing: write docs/BENCHMARKS.md and the README's table from what --json wrote; of several files "
    "the later ones' scenarios stand in place of the first one's.",
)
@click.option("--list", "is_list", is_flag=True, help="Say which scenarios there are.")
def main(
    names: tuple[str, ...], output: Path | None, *, reported: tuple[Path, ...], is_list: bool, **chosen: Any
) -> None:
    """Measure and report."""
    if reported:
        for written in report.write(report.together([json.loads(file.read_text("utf-8")) for file in reported])):
            click.echo(f"wrote {written}")
        return
    chosen["traces"] = tuple(_trace(text) for text in chosen["traces"])
    options = Options(**chosen)
    rows = [*SCENARIOS.values(), *(row for file, median in options.traces for row in traced(file, median))]
    if is_list:
        click.echo("\n".join(f"{row.name:28} {row.title}" for row in [*rows, *traced("FILE", 0)]))
        return
    rows = [row for row in rows if not names or is_meant(row.name, names)]
    if not rows:
        raise click.UsageError(f"no scenario is named {names[0]}: --list says which there are")
    allow_many_sockets()
    if output:
        output.parent.mkdir(parents=True, exist_ok=True)
    run = {**_circumstances(options), "scenarios": []}
    began = time.monotonic()
    for scenario in rows:
        if programs := contest.missing(scenario):
            click.echo(f"{scenario.name}: left out, {' and '.join(programs)} not installed\n")
            continue
        found = _measure(scenario, options)
        click.echo(tables.table(found))
        run["scenarios"].append(found)
        run["seconds"] = round(time.monotonic() - began)
        if output:
            output.write_text(json.dumps(run, indent=1), encoding="utf-8")
    if any("error" in found for found in run["scenarios"]):
        sys.exit(1)


def _measure(scenario: Scenario, options: Options) -> tables.Result:
    """A scenario that fails is named, and the others go on."""
    began = time.monotonic()
    try:
        found = tables.result(scenario, contest.hold(scenario, options))
        return {**found, "seconds": round(time.monotonic() - began, 1)}
    except (GeneratorError, ServerError, OSError) as error:
        return {**tables.result(scenario, []), "error": str(error)[:500]}


def _trace(text: str) -> tuple[str, float]:
    file, _, median = text.rpartition("=")
    if not file or not median.isdigit():
        raise click.BadParameter(f"{text}: write FILE=MEDIAN, as in accesses.i32be.xz=9600")
    return file, float(median)


def is_meant(name: str, names: tuple[str, ...]) -> bool:
    """A scenario's name means it alone, anything else all that begin so."""
    return any(name == word or (word not in SCENARIOS and name.startswith(word)) for word in names)


def _circumstances(options: Options) -> dict[str, Any]:
    peers = {**NODES, **PROXIES}
    measured = {**peers, "redis-server": GENERATORS["memcluster bench"]}
    versions = {name: peer.version_line() for name, peer in measured.items() if peer.version and peer.is_installed}
    return {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "machine": f"{_processor()}, {os.cpu_count()} processors, {platform.system()} {platform.release()}",
        "versions": {"memcluster": _version(), "Python": platform.python_version(), **versions},
        "command": _command(sys.argv[1:]),
        "options": {name: str(value) for name, value in dataclasses.asdict(options).items()},
    }


def _command(words: list[str]) -> str:
    """What repeats the run: files by their names, and not where the result went."""
    kept = [
        word.rpartition("/")[2] if before == "--trace" else word
        for before, word in zip(["", *words], words, strict=False)
        if "--json" not in (before, word)
    ]
    return shlex.join(["bench/run.py", *kept])


def _processor() -> str:
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def _version() -> str:
    """The package's, and which commit it is where this is a checkout."""
    asked = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return f"{memcluster.__version__} {asked.stdout.strip()}".strip()
