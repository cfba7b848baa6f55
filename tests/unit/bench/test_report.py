"""The page and the README's table, from a run that was made up."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from bench import plot, report
from bench.command import _command
from bench.scenarios import GOALS, SCENARIOS

RATIO = {"ours_to_it": 2.0}


def run() -> dict[str, Any]:
    def contender(name: str, cpu_ns: float, ratio: float) -> dict[str, Any]:
        return {"name": name, "median": {"cpu_ns": cpu_ns}, "spread": 0.1, "ours_to_it": ratio}

    measured = {
        "name": "node-single",
        "title": "node, single gets",
        "main": "cpu_ns",
        "contenders": [
            contender("memcluster", 5000, 1),
            contender("memcached", 6000, 0.83),
            contender("floor", 4000, 1.25),
        ],
    }
    failed = {
        "name": "idle",
        "title": "idle",
        "main": "resident_mb",
        "error": "ended",
    }
    generator = {**measured, "name": "generator-floor-16", "title": "generator before the floor"}
    return {
        "date": "2000-01-02 03:04",
        "machine": "a machine",
        "versions": {"memcached": "1.6.18"},
        "command": "python -m bench",
        "seconds": 425,
        "scenarios": [measured, {**failed, "contenders": []}, generator],
    }


def test_the_page_has_every_scenario_with_date_and_command() -> None:
    page = report.page(run(), is_drawn=False, notes="## Notes\n\nwhy\n")
    assert all(
        text in page
        for text in ("2000-01-02 03:04", "`python -m bench`", "1.6.18", "7 min 5 s", "## node-single", "why")
    )
    assert "| floor | 4,000 | 10% | 1.250 |" in page
    assert "Not measured: ended" in page


def test_the_page_says_what_was_reached() -> None:
    page = report.page(run(), is_drawn=False, notes="")
    repeat = "`bench/run.py node-single`"
    assert f"| node-single | floor | ratio of server ns/request | 1.25 | at most 1.03 | missed | {repeat} |" in page
    assert "| idle | itself | resident MiB |  | at most 30 | not measured | `bench/run.py idle` |" in page


def test_the_page_names_what_was_not_measured_too() -> None:
    page = report.page(run(), is_drawn=False, notes="")
    assert all(f"\n| {row.name} | " in page for row in GOALS)
    trace = "`bench/run.py trace-web12 --trace web12.i32be.xz=28800`"
    assert f"| at most 0.84, tried for 0.77 | not measured | {trace} |" in page


def test_a_goal_may_be_a_least_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    row = dataclasses.replace(SCENARIOS["node-single"], at_most={}, at_least={"floor": 1.2, "memcached": 1.2})
    monkeypatch.setattr(report, "GOALS", [row])
    page = report.page(run(), is_drawn=False, notes="")
    assert "| 1.25 | at least 1.2 | reached |" in page
    assert "| 0.83 | at least 1.2 | missed |" in page


def test_the_command_names_no_folder_of_this_machine() -> None:
    words = ["node", "--json", "/somewhere/run.json", "--trace", "/somewhere/web12.xz=9600"]
    assert _command(words) == "bench/run.py node --trace web12.xz=9600"


def test_only_the_readmes_part_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text("before\n<!-- bench: begin -->\nold\n<!-- bench: end -->\nafter\n")
    written = report.write(run(), tmp_path)
    text = (tmp_path / "README.md").read_text()
    assert text.startswith("before\n<!-- bench: begin -->\n| ")
    assert text.endswith("\n<!-- bench: end -->\nafter\n")
    assert "| node, single gets | server ns/request | 5,000 | 6,000 (memcached) | 0.83 |" in text
    assert "generator before the floor" not in text
    assert "old" not in text
    assert all(path.exists() for path in written)
    again = [path.read_bytes() for path in written]
    report.write(run(), tmp_path)
    assert again == [path.read_bytes() for path in written]


def test_the_picture_shows_a_cost_also_where_more_is_better(tmp_path: Path) -> None:
    memory = {"name": "memory-54", "main": "readable", "contenders": [{}, {"name": "memcached", **RATIO}]}
    names, dots = plot._dots({"scenarios": [*run()["scenarios"], memory]})
    assert names == ["node-single", "memory-54"]
    assert dots == [(0, "memcached", 0.83), (0, "floor", 1.25), (1, "memcached", 0.5)]
    assert plot.draw(run(), tmp_path / "plot.png")


def test_a_later_run_stands_in_place_of_the_first_ones_and_says_so() -> None:
    first, later = run(), run()
    new = {**later["scenarios"][0], "name": "redis-saving", "title": "while saving"}
    again = {**later["scenarios"][1], "error": "ended again"}
    later |= {"date": "2000-01-03 03:04", "versions": {"memcluster": "0.1.0 abc"}, "scenarios": [again, new]}
    page = report.page(report.together([first, later]), is_drawn=False, notes="")
    about = "Measured in a run of its own: 2000-01-03 03:04, memcluster 0.1.0 abc, `python -m bench`."
    assert page.count(about) == 2
    assert f"## redis-saving\n\nwhile saving\n\n{about}\n\n" in page
    assert "ended again" in page
    assert "Not measured: ended\n" not in page
