"""What people write about a workload, and the presets."""

import json
from typing import Any

import pytest

from memcluster import _native
from memcluster.load import workload
from memcluster.load.plot import throughput
from memcluster.load.presets import PRESETS
from memcluster.load.runs import Moment


@pytest.mark.parametrize(
    ("text", "sets", "deletes"), [("9:1", 0.1, 0.0), ("1:0", 0.0, 0.0), ("8:1:1", 0.1, 0.1), ("0.5:0.5", 0.5, 0.0)]
)
def test_ratios(text: str, sets: float, deletes: float) -> None:
    assert workload.ratio(text) == {"set_share": sets, "delete_share": deletes}


@pytest.mark.parametrize(
    ("text", "words", "weight"),
    [
        ("PING", ["PING"], 1.0),
        ("9*GET __key__", ["GET", "__key__"], 9.0),
        ("0.5*SET __key__ 'a b'", ["SET", "__key__", "a b"], 0.5),
        ("EVAL 'return 2*3' 0", ["EVAL", "return 2*3", "0"], 1.0),
    ],
)
def test_commands(text: str, words: list[str], weight: float) -> None:
    assert workload.command(text) == {"words": words, "weight": weight}


@pytest.mark.parametrize("text", ["", "3*", "0*PING", "SET 'a"])
def test_what_is_no_command_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"write a command|No closing quotation"):
        workload.command(text)


@pytest.mark.parametrize("text", ["", "9", "0:0", "a:b", "1:2:3:4", "1:-1"])
def test_what_is_no_ratio_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="GET:SET"):
        workload.ratio(text)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("100", {"kind": "fixed", "bytes": 100}),
        ("fixed:7", {"kind": "fixed", "bytes": 7}),
        ("uniform:10-500", {"kind": "uniform", "min": 10, "max": 500}),
        ("table:100=70,5000=30", {"kind": "table", "rows": [(100, 70.0), (5000, 30.0)]}),
        ("lognormal:500,1.5", {"kind": "lognormal", "median": 500.0, "sigma": 1.5, "min": 1, "max": 1_000_000}),
    ],
)
def test_value_sizes(text: str, means: dict[str, Any]) -> None:
    assert workload.value_size(text) == means


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("uniform", {"kind": "uniform"}),
        ("zipf", {"kind": "zipf", "exponent": 0.99}),
        ("zipf:1.2", {"kind": "zipf", "exponent": 1.2}),
        ("hotspot:0.2,0.8", {"kind": "hotspot", "keys": 0.2, "requests": 0.8}),
        ("sequential", {"kind": "sequential"}),
        ("recorded:keys.bin", {"kind": "recorded", "file": "keys.bin"}),
    ],
)
def test_distributions(text: str, means: dict[str, Any]) -> None:
    assert workload.distribution(text) == means


@pytest.mark.parametrize("text", ["nix", "nix:3", "uniform:3", "zipf:a", "hotspot:1", "recorded", ""])
def test_what_is_no_distribution_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="sequential"):
        workload.distribution(text)


@pytest.mark.parametrize("text", ["", "x", "uniform", "uniform:3", "lognormal:3", "table:3", "fixed"])
def test_what_is_no_size_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="uniform:10-500"):
        workload.value_size(text)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_the_generator_takes_every_preset(name: str) -> None:
    nobody = {"servers": ["127.0.0.1:1"]}
    with pytest.raises(OSError, match="no connection"):
        _native.load_run(json.dumps(PRESETS[name].settings() | nobody))


def test_etc_has_the_sizes_of_its_source() -> None:
    rows = PRESETS["facebook-etc"].settings()["value_bytes"]["rows"]
    total = sum(weight for _, weight in rows)
    small = sum(weight for size, weight in rows if size < 15)
    assert total == pytest.approx(1, abs=1e-3)
    assert small == pytest.approx(0.44155, abs=1e-4)
    assert sum(size * weight for size, weight in rows) / total == pytest.approx(194, rel=0.05)


def test_etc_has_the_key_size_of_its_source() -> None:
    # The median of the generalised extreme values that the paper fits to key sizes.
    assert PRESETS["facebook-etc"].key_size == 34


def test_throughput_is_that_between_looks() -> None:
    moments = [
        Moment(seconds, requests, 0, 0, 0) for seconds, requests in ((0.1, 10), (0.15, 11), (0.6, 60), (1.1, 60))
    ]
    seconds, rates = throughput(moments)
    assert seconds == [0.6, 1.1]
    assert rates == pytest.approx([100.0, 0.0])
