"""What is shown of a scenario: a table for people, a dictionary for JSON."""

from typing import Any

from bench.contest import Contender, ratio
from bench.scenarios import Scenario

# Figure, head of its column, format.
COLUMNS = (
    ("cpu_ns", "server ns/request", "{:,.0f}"),
    ("requests_per_second", "requests/s", "{:,.0f}"),
    ("p50_us", "p50 us", "{:,.0f}"),
    ("p99_us", "p99 us", "{:,.0f}"),
    ("generator_cpu_ns", "generator ns", "{:,.0f}"),
    ("readable", "readable", "{:,.0f}"),
    ("refused_sets", "refused", "{:,.0f}"),
    ("bytes_per_item", "bytes/item", "{:,.1f}"),
    ("miss_ratio", "miss ratio", "{:.4f}"),
    ("errors", "errors", "{:,.0f}"),
    ("resident_mb", "resident MiB", "{:,.1f}"),
    ("start_seconds", "start s", "{:.3f}"),
    ("seconds", "seconds", "{:,.1f}"),
)


def table(scenario: Scenario, contenders: list[Contender]) -> str:
    """A line a contender: medians, the spread of the main figure, and ours divided by it."""
    shown = [column for column in COLUMNS if column[0] in contenders[0].rounds[0]]
    head = ["", *(title for _, title, _ in shown), "spread", "ours/it"]
    lines = [head]
    for contender in contenders:
        cells = [pattern.format(contender.median(figure)) for figure, _, pattern in shown]
        compared = f"{ratio(contenders[0], contender, scenario.main):.3f}"
        lines.append([contender.name, *cells, f"{contender.spread(scenario.main):.0%}", compared])
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    rows = ("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return f"{scenario.name}: {scenario.title}\n" + "\n".join(rows) + "\n"


def result(scenario: Scenario, contenders: list[Contender]) -> dict[str, Any]:
    """Everything, for machines."""
    return {
        "name": scenario.name,
        "title": scenario.title,
        "main": scenario.main,
        "ours": contenders[0].name,
        "contenders": [
            {
                "name": contender.name,
                "rounds": contender.rounds,
                "median": {figure: contender.median(figure) for figure in contender.rounds[0]},
                "ours_to_it": ratio(contenders[0], contender, scenario.main),
            }
            for contender in contenders
        ],
    }
