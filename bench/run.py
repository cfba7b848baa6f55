"""The command line: which scenarios, against whom, and where the results go."""

import dataclasses
import json
import platform
import time
from pathlib import Path
from typing import Any

import click

from bench import contest, tables
from bench.contest import Options
from bench.peers import NODES, PROXIES
from bench.scenarios import SCENARIOS, Scenario


def _names(_context: click.Context, _parameter: click.Parameter, text: str) -> tuple[str, ...]:
    names = tuple(name for name in text.split(",") if name)
    unknown = [name for name in names if name not in {**NODES, **PROXIES}]
    if unknown:
        raise click.BadParameter(f"{unknown[0]} is none of {', '.join(sorted({**NODES, **PROXIES}))}")
    return names


def _name(context: click.Context, parameter: click.Parameter, text: str) -> str:
    return _names(context, parameter, text)[0]


@click.command(help="Measure SCENARIOS (all if none is named; a name's beginning means all that begin so).")
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
@click.option("--seconds", default=2.0, show_default=True, help="Length of one turn.")
@click.option(
    "--trace", "traces", multiple=True, metavar="FILE=MEDIAN", help="For `trace`: accesses, median value size in bytes."
)
@click.option("--accesses", default=500_000, show_default=True, help="For `trace`: only so many.")
@click.option("--json", "output", type=click.Path(path_type=Path), help="Write everything that was measured there.")
@click.option("--list", "is_list", is_flag=True, help="Say which scenarios there are.")
def main(names: tuple[str, ...], output: Path | None, *, is_list: bool, **chosen: Any) -> None:
    """Measure and report."""
    rows = [row for row in SCENARIOS.values() if not names or row.name.startswith(names)]
    if is_list or not rows:
        click.echo("\n".join(f"{row.name:24} {row.title}" for row in SCENARIOS.values()))
        return
    chosen["traces"] = tuple(_trace(text) for text in chosen["traces"])
    options = Options(**chosen)
    results = []
    for scenario in (made for row in rows for made in _with_traces(row, options)):
        contenders = contest.hold(scenario, options)
        click.echo(tables.table(scenario, contenders))
        results.append(tables.result(scenario, contenders))
    if output:
        output.write_text(json.dumps({**_circumstances(options), "scenarios": results}, indent=1))


def _trace(text: str) -> tuple[str, float]:
    file, _, median = text.rpartition("=")
    if not file or not median.isdigit():
        raise click.BadParameter(f"{text}: write FILE=MEDIAN, as in accesses.i32be.xz=9600")
    return file, float(median)


def _with_traces(row: Scenario, options: Options) -> list[Scenario]:
    """The trace scenario once for each file, others as they are."""
    if row.name != "trace":
        return [row]
    return [
        dataclasses.replace(
            row, name=f"trace-{Path(file).name.split('.')[0]}", settings={"file": file, "median": median}
        )
        for file, median in options.traces
    ]


def _circumstances(options: Options) -> dict[str, Any]:
    peers = {**NODES, **PROXIES}
    versions = {name: peer.version_line() for name, peer in peers.items() if peer.version and peer.is_installed}
    return {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "machine": f"{platform.machine()}, {platform.system()} {platform.release()}",
        "versions": versions,
        "options": {name: str(value) for name, value in dataclasses.asdict(options).items()},
    }


if __name__ == "__main__":
    main()
