"""Writes docs/BENCHMARKS.md, its plot and the README's table from a run's JSON: nothing in them is written by hand.

What explains the figures stands in bench/notes.md, if it is there, and becomes a section of the page.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench import plot
from bench.scenario import Scenario
from bench.scenarios import GOALS, is_of_the_generator
from bench.tables import FORMATS, HEADS, Result, cells

ROOT = Path(__file__).parent.parent
PAGE, PLOT = Path("docs/BENCHMARKS.md"), Path("docs/benchmarks.svg")
README_PART = re.compile(r"(<!-- bench: begin -->\n).*?(<!-- bench: end -->)", re.DOTALL)
# With whom the README compares: the first that took part.
PEERS = ("memcached", "nutcracker", "memcached-1.6.45", "floor", "redis-server")

HEAD = """# Benchmarks

Written by `bench/run.py --report`, which overwrites it.

{circumstances}

Contenders of a scenario take turns on the same processor. Each figure is the median of its rounds; *spread* is
(largest - smallest) / median of the scenario's main figure, *ours/it* the median over the rounds of ours divided by the
other's of the same round. *server ns/request* is time on a processor of all the server's threads, read from the
kernel's accounts, so it does not depend on how fast the generator is; *generator ns* is the generator's own. *floor* is
a server that answers like memcached with no store and the least work: what the kernel alone costs. Beside proxies it
answers by itself, so it is the least that the clients' side of a proxy costs; what asking nodes costs comes on top.
*server busy* and *generator busy* are processors: whoever is near what it may have is what a rate is bounded by.
"""


def together(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The first run with the scenarios of later ones, which say so, in place of its own or behind them."""
    first, *later = runs
    found = {scenario["name"]: scenario for scenario in first["scenarios"]}
    for run in later:
        version = run["versions"]["memcluster"]
        about = f"Measured in a run of its own: {run['date']}, memcluster {version}, `{run['command']}`."
        found |= {scenario["name"]: {**scenario, "about": about} for scenario in run["scenarios"]}
    return {**first, "scenarios": list(found.values())}


def write(run: dict[str, Any], root: Path = ROOT) -> list[Path]:
    """Writes all of it; the files written."""
    written = [root / PAGE, root / "README.md"]
    is_drawn = plot.draw(run, root / PLOT)
    notes = root / "bench/notes.md"
    written[0].write_text(page(run, is_drawn, notes.read_text("utf-8") if notes.exists() else ""), encoding="utf-8")
    readme = written[1].read_text("utf-8")
    written[1].write_text(README_PART.sub(lambda part: part[1] + summary(run) + part[2], readme), encoding="utf-8")
    return [*written, *([root / PLOT] if is_drawn else [])]


def page(run: dict[str, Any], is_drawn: bool, notes: str) -> str:
    """The page."""
    rows = [("date", run["date"]), ("machine", run["machine"]), *run["versions"].items()]
    rows += [("command", f"`{run['command']}`"), ("took", "{} min {} s".format(*divmod(run["seconds"], 60)))]
    parts = [HEAD.format(circumstances=_table([("", ""), *rows]))]
    if is_drawn:
        parts.append(f"![ours divided by each peer, for every scenario]({PLOT.name})\n")
    if goals := list(_goals(run)):
        head = ("scenario", "against", "figure", "found", "to be reached", "", "command")
        parts.append("## What is to be reached\n\n" + _table([head, *goals]) + "\n")
    if notes:
        parts.append(notes.strip() + "\n")
    parts += [_section(found) for found in run["scenarios"]]
    return "\n".join(parts)


def summary(run: dict[str, Any]) -> str:
    """The README's tables: a row a scenario, those of memcached first."""
    rows = [(found["name"], row) for found in run["scenarios"] if (row := _compared(found))]
    head = ("scenario", "figure", "memcluster", "peer", "ours/peer")
    redis = [row for name, row in rows if name.startswith("redis-")]
    tables = [
        [head, *(row for name, row in rows if not name.startswith("redis-"))],
        *([[head, *redis]] if redis else []),
    ]
    about = f"{run['date']}, {run['machine']}, `{run['command']}`"
    read = "Of readable items more is better, of all else less. All figures: [docs/BENCHMARKS.md](docs/BENCHMARKS.md)."
    return "\n\n".join([*map(_table, tables), f"{about}. {read}\n"])


def _compared(found: Result) -> tuple[str, ...] | None:
    """A scenario's row, if it was measured and a peer took part."""
    if "error" in found or is_of_the_generator(found["name"]):
        return None
    ours, *others = found["contenders"]
    peer = next((other for name in PEERS for other in others if other["name"] == name), None)
    if peer is None:
        return None
    figure = found["main"]
    shown = FORMATS[figure].format
    theirs = f"{shown(peer['median'][figure])} ({peer['name']})"
    return found["title"], HEADS[figure], shown(ours["median"][figure]), theirs, f"{peer['ours_to_it']:.2f}"


def _section(found: Result) -> str:
    head = f"## {found['name']}\n\n{found['title']}\n\n"
    about = f"{found['about']}\n\n" if "about" in found else ""
    return head + about + (f"Not measured: {found['error']}" if "error" in found else _table(cells(found))) + "\n"


def _goals(run: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Everything that is to be reached, measured in this run or not."""
    measured = {found["name"]: found for found in run["scenarios"]}
    for row in GOALS:
        bounds = [("at most", row.at_most, 1), ("at least", row.at_least, -1)]
        for words, against, limit, sign in ((w, a, limit, s) for w, b, s in bounds for a, limit in b.items()):
            reached, figure = _reached(measured.get(row.name, {}), row.main, against)
            shown = FORMATS[against].format if against in HEADS else "{:.3g}".format
            goal, verdict = f"{words} {limit:,g}", "not measured"
            if tried := row.tried.get(against):
                goal += f", tried for {tried:g}"
            if reached is not None:
                verdict = "reached" if sign * reached <= sign * limit else "missed"
            peer = "itself" if against in HEADS else against
            yield row.name, peer, figure, "" if reached is None else shown(reached), goal, verdict, _repeat(row)


def _repeat(row: Scenario) -> str:
    trace = f" --trace {row.settings['file']}={row.settings['median']:g}" if "file" in row.settings else ""
    return f"`bench/run.py {row.name}{trace}`"


def _reached(found: Result, main: str, against: str) -> tuple[float | None, str]:
    """A ratio to a peer; or, if a figure is named, ours itself."""
    contenders = found.get("contenders", [])
    if against in HEADS:
        return (contenders[0]["median"].get(against) if contenders else None), HEADS[against]
    ratios = [other["ours_to_it"] for other in contenders if other["name"] == against]
    return (ratios[0] if ratios else None), f"ratio of {HEADS[main]}"


def _table(rows: Sequence[Sequence[str]]) -> str:
    """In Markdown; the first row is the head, and columns from the second on are numbers."""
    head, *body = rows
    line = "| --- |" + " ---: |" * (len(head) - 1) if len(head) > 2 else "| --- | --- |"
    return "\n".join([f"| {' | '.join(head)} |", line, *(f"| {' | '.join(row)} |" for row in body)])
