"""What is shown of a scenario: a dictionary for JSON, and the cells of a table made of it."""

from typing import Any

from bench.contest import Contender, ratio
from bench.scenario import Scenario

Result = dict[str, Any]

# Figure, head of its column, format.
COLUMNS = (
    ("cpu_ns", "server ns/request", "{:,.0f}"),
    ("requests_per_second", "requests/s", "{:,.0f}"),
    ("requests_per_core", "requests/s a core", "{:,.0f}"),
    ("p50_us", "p50 us", "{:,.0f}"),
    ("quick_p99_us", "p99 us without", "{:,.0f}"),
    ("p99_us", "p99 us", "{:,.0f}"),
    ("p99_growth", "p99 grows by", "{:.2f}"),
    ("quiet_p999_us", "p99.9 us without", "{:,.0f}"),
    ("p999_us", "p99.9 us", "{:,.0f}"),
    ("p999_growth", "p99.9 grows by", "{:.2f}"),
    ("saves", "saves", "{:,.0f}"),
    ("generator_cpu_ns", "generator ns", "{:,.0f}"),
    ("server_cores", "server busy", "{:.2f}"),
    ("generator_cores", "generator busy", "{:.2f}"),
    ("counted", "served/asked", "{:.4f}"),
    ("filled", "items before", "{:,.0f}"),
    ("left", "left unread", "{:,.0f}"),
    ("back_seconds", "s to 95 % back", "{:.2f}"),
    ("readable", "readable", "{:,.0f}"),
    ("refused_sets", "refused", "{:,.0f}"),
    ("bytes_per_item", "bytes/item", "{:,.1f}"),
    ("bytes_per_connection", "bytes/connection", "{:,.0f}"),
    ("miss_ratio", "miss ratio", "{:.4f}"),
    ("errors", "errors", "{:,.0f}"),
    ("resident_mb", "resident MiB", "{:,.1f}"),
    ("loaded", "keys loaded", "{:,.0f}"),
    ("start_seconds", "start s", "{:.3f}"),
    ("seconds", "seconds", "{:,.1f}"),
)
FORMATS = {figure: pattern for figure, _, pattern in COLUMNS}
HEADS = {figure: head for figure, head, _ in COLUMNS}


def result(scenario: Scenario, contenders: list[Contender]) -> Result:
    """Everything that was measured."""
    return {
        "name": scenario.name,
        "title": scenario.title,
        "main": scenario.main,
        "contenders": [
            {
                "name": contender.name,
                "rounds": contender.rounds,
                "median": {figure: contender.median(figure) for figure in contender.rounds[0]},
                "spread": contender.spread(scenario.main),
                "ours_to_it": ratio(contenders[0], contender, scenario.main),
            }
            for contender in contenders
        ],
    }


def cells(found: Result) -> list[list[str]]:
    """A head and a line a contender: medians, the spread of the main figure, and ours divided by it."""
    contenders = found["contenders"]
    shown = [column for column in COLUMNS if column[0] in contenders[0]["median"]]
    lines = [["", *(title for _, title, _ in shown), "spread", "ours/it"]]
    for contender in contenders:
        figures = [pattern.format(contender["median"][figure]) for figure, _, pattern in shown]
        lines.append([contender["name"], *figures, f"{contender['spread']:.0%}", f"{contender['ours_to_it']:.3f}"])
    return lines


def table(found: Result) -> str:
    """For terminals."""
    if "error" in found:
        return f"{found['name']}: {found['title']}\nnot measured: {found['error']}\n"
    lines = cells(found)
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    rows = ("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return f"{found['name']}: {found['title']}\n" + "\n".join(rows) + "\n"
