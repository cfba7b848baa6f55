"""The arithmetic between what a round measured and what the table says."""

import bz2
import gzip
import lzma
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import bench
from bench.command import is_meant, main
from bench.contest import Contender, Options, contenders, ratio
from bench.peers import Peer
from bench.scenarios import SCENARIOS
from bench.tables import COLUMNS, result, table
from bench.traces import accesses, drawn


def contender(*figures: float) -> Contender:
    rounds = [{"cpu_ns": figure} for figure in figures]
    return Contender("one", Peer("one", sys.executable, lambda _need: []), 1, rounds)


def test_ratio_is_the_median_of_the_rounds_ratios_so_that_drift_cancels() -> None:
    ours, theirs = contender(100, 200, 400), contender(200, 400, 800)
    assert ratio(ours, theirs, "cpu_ns") == pytest.approx(0.5)
    assert ratio(contender(1, 9, 3), contender(1, 1, 1), "cpu_ns") == 3


def test_spread_is_relative_to_the_median() -> None:
    assert contender(90, 100, 120).spread("cpu_ns") == pytest.approx(0.3)


def test_a_table_names_every_contender_and_only_what_was_measured() -> None:
    text = table(result(SCENARIOS["node-single"], [contender(1000.0), contender(4000.0)]))
    assert "server ns/request" in text
    assert "readable" not in text
    assert text.splitlines()[3].split()[-1] == "0.250"


def test_every_scenario_is_compared_by_a_figure_that_has_a_column() -> None:
    shown = {figure for figure, _, _ in COLUMNS}
    assert {scenario.main for scenario in SCENARIOS.values()} <= shown


def test_ours_comes_first_and_the_floor_only_where_time_is_measured() -> None:
    options = Options(ours="floor", against=("floor",))
    assert [one.name for one in contenders(SCENARIOS["node-single"], options)] == ["floor", "floor"]
    assert [one.name for one in contenders(SCENARIOS["memory-54"], options)] == ["floor"]


def test_an_unknown_peer_is_named() -> None:
    answer = CliRunner().invoke(main, ["--against", "memcachd"])
    assert answer.exit_code == 2
    assert "memcachd is none of" in answer.output


def test_the_list_has_every_scenario() -> None:
    answer = CliRunner().invoke(main, ["--list"])
    assert all(name in answer.output for name in SCENARIOS)


def test_a_name_means_one_scenario_and_a_beginning_all_that_begin_so() -> None:
    assert is_meant("proxy-multiget-100", ("proxy-multiget-100",))
    assert not is_meant("proxy-multiget-100-8", ("proxy-multiget-100",))
    assert is_meant("proxy-multiget-100-8", ("start", "proxy"))


def test_the_script_is_the_module() -> None:
    script = Path(bench.__file__).parent / "run.py"
    said = subprocess.run([sys.executable, script, "--list"], capture_output=True, text=True, check=True)
    assert "node-single" in said.stdout


def test_drawn_accesses_have_their_scans() -> None:
    plain, mixed = drawn(100, 0.9, 1000, 0), drawn(100, 0.9, 1000, 50)
    assert len(plain) == len(mixed) == 1000
    assert set(plain) <= set(range(100))
    assert plain.count(0) > 2 * plain.count(9) > 0
    scanned = [key for key in mixed if key >= 100]
    assert len(scanned) == len(set(scanned)) == 200
    assert mixed == drawn(100, 0.9, 1000, 50)


def test_a_trace_may_be_compressed(tmp_path: Path) -> None:
    numbers = b"\x00\x00\x00\x01\x00\x00\x00\x02"
    files = {"plain": numbers, "a.xz": lzma.compress(numbers), "a.gz": gzip.compress(numbers)}
    for name, packed in {**files, "a.bz2": bz2.compress(numbers)}.items():
        (tmp_path / name).write_bytes(packed)
        assert accesses(tmp_path / name) == numbers
