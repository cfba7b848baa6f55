"""The picture of a run: requests a second over time, and latency by how many of the requests are faster."""

from __future__ import annotations

import importlib.util
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from memcluster.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from memcluster.load.runs import Moment

SUFFIXES = (".png", ".svg")
# One of so many requests is slower.
SLOWER = (2, 10, 100, 1000, 10_000, 100_000)
STEP_SECONDS_MIN = 0.2


def check(files: Sequence[Path]) -> None:
    """Before a run: whether the pictures can be made after it."""
    for file in files:
        if file.suffix not in SUFFIXES:
            raise ConfigError(f"--plot {file}: name a file that ends in .png or .svg")
    if files and not importlib.util.find_spec("matplotlib"):
        raise ConfigError("--plot needs matplotlib: pip install memcluster[bench]")


def draw(files: Sequence[Path], report: dict[str, Any], title: str) -> None:
    """Writes the picture to each file, in the format of its name."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    figure = Figure(figsize=(9, 4), layout="constrained")
    figure.suptitle(title, fontsize="medium")
    over_time, by_share = figure.subplots(1, 2)
    seconds, rates = throughput(report["moments"])
    over_time.plot(seconds, rates, linewidth=1.5)
    over_time.set(title="throughput, warm-up included", xlabel="seconds", ylabel="requests/s")
    over_time.set(xlim=(0, None), ylim=(0, None))
    over_time.yaxis.set_major_formatter("{x:,.0f}")
    for name, operation in report["operations"].items():
        # Quantile q at 1 / (1 - q): every nine is one step to the right.
        curve = [(1 / (1 - q), latency) for q, latency in operation["latency_us"]["curve"]]
        by_share.plot(*zip(*curve, strict=True), label=name, linewidth=1.5)
    by_share.set(title="latency", xlabel="percentile", ylabel="microseconds", xscale="log", yscale="log")
    by_share.yaxis.set_major_formatter("{x:,g}")
    by_share.xaxis.set_major_locator(FixedLocator(SLOWER))
    by_share.xaxis.set_major_formatter(FixedFormatter([f"{100 - 100 / slower:g}" for slower in SLOWER]))
    by_share.xaxis.set_minor_locator(NullLocator())
    by_share.legend()
    for axes in (over_time, by_share):
        axes.grid(visible=True, alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    for file in files:
        figure.savefig(file, dpi=110)


def throughput(moments: Sequence[Moment]) -> tuple[list[float], list[float]]:
    """Requests a second between looks at least a fifth of a second apart."""
    kept = list(moments[:1])
    for moment in moments[1:]:
        if moment.seconds - kept[-1].seconds >= STEP_SECONDS_MIN:
            kept.append(moment)
    pairs = list(pairwise(kept))
    return (
        [after.seconds for _, after in pairs],
        [(after.requests - before.requests) / (after.seconds - before.seconds) for before, after in pairs],
    )
