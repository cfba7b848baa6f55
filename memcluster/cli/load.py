"""How a load test looks on the command line: a bar with rates while it runs, then a table, or JSON."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from memcluster.cli.tables import console, new_table
from memcluster.load.runs import Moment, faults, hit_ratio, run

LATENCIES = (("p50", "p50"), ("p90", "p90"), ("p99", "p99"), ("p99.9", "p999"), ("max", "max"))


def measure(settings: dict[str, Any], name: str) -> dict[str, Any]:
    """A run, with a bar while it lasts if somebody looks."""
    is_fill = name == "fill"
    total = settings["keys"] if is_fill else settings["seconds"] + settings["warm_up_seconds"]
    by_count = is_fill or not settings["seconds"]
    if not is_fill and by_count:
        total = settings["requests"]
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TextColumn("{task.fields[rates]}"))
    screen = Console(stderr=True)
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task(name, total=total, rates="")
        last = Moment(0.0, 0, 0, 0, 0)

        def watch(now: Moment) -> None:
            nonlocal last
            bar.update(task, completed=now.requests if by_count else now.seconds, rates=_rates(last, now))
            last = now

        return run(settings, watch)


def _rates(last: Moment, now: Moment) -> str:
    rate = (now.requests - last.requests) / max(1e-3, now.seconds - last.seconds)
    hits = f"  {(now.hits - last.hits) / (now.keys - last.keys):.1%} hits" if now.keys > last.keys else ""
    return f"{rate:,.0f} requests/s{hits}" + (f"  [red]{now.faults} faults[/red]" if now.faults else "")


def show(report: dict[str, Any]) -> None:
    """The table, and the sum of it in a line."""
    table = new_table(
        "", ("operation", "requests", "requests/s", *(head for head, _ in LATENCIES)), left=("operation",)
    )
    for name, operation in report["operations"].items():
        latency = operation["latency_us"]
        rate = operation["requests"] / report["seconds"]
        cells = (f"{operation['requests']:,}", f"{rate:,.0f}", *(_time(latency[field]) for _, field in LATENCIES))
        table.add_row(name, *cells)
    screen = console()
    screen.print(table)
    hits = hit_ratio(report)
    mib = (report["bytes_sent"] + report["bytes_received"]) / report["seconds"] / (1 << 20)
    parts = [f"{report['requests_per_second']:,.0f} requests/s over {report['seconds']:.1f} s", f"{mib:,.1f} MiB/s"]
    parts += [f"{hits:.2%} hits"] if hits is not None else []
    parts += [f"{count} {name.replace('_', ' ')}" for name, count in faults(report).items()] or ["no errors"]
    screen.print(" ", ", ".join(parts) + (", ended early" if report["is_interrupted"] else ""))
    if report["first_error"]:
        screen.print("  first error:", report["first_error"], markup=False)


def _time(latency_us: float) -> str:
    return f"{latency_us:.0f} us" if latency_us < 10_000 else f"{latency_us / 1000:,.1f} ms"


def to_json(settings: dict[str, Any], report: dict[str, Any]) -> str:
    """What was asked and what was found."""
    return json.dumps({"settings": settings, "report": msgspec.to_builtins(report)}, indent=1)


def title(settings: dict[str, Any], report: dict[str, Any]) -> str:
    """Of the plot."""
    loop = f"{settings['rate']:,.0f} requests/s asked for" if settings["rate"] else "closed loop"
    what = f"{settings['connections']} connections, {settings['pipeline']} in flight on each, {loop}"
    return f"{', '.join(settings['servers'])}: {report['requests_per_second']:,.0f} requests/s ({what})"
