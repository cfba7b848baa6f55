"""The picture of a run: for every scenario, memcluster's cost divided by each peer's."""

from pathlib import Path
from typing import Any, NamedTuple

from bench.scenarios import is_of_the_generator

COLOURS = {
    "memcached": "#1f6f54",
    "memcached-1.6.45": "#7ab89b",
    "nutcracker": "#b5561d",
    "redis-server": "#7a3b8f",
    "floor": "#8a8a8a",
}
# Of these figures more is better: the cost is one divided by it.
MORE_IS_BETTER = {"readable", "requests_per_second"}
# Farther out than this a dot would make all others crowd together: it stands at the edge, with its number.
FARTHEST = 6.0
INCHES_A_ROW = 0.26


class Dot(NamedTuple):
    """One peer in one scenario."""

    row: int
    peer: str
    ratio: float


def draw(run: dict[str, Any], file: Path) -> bool:
    """Writes it, if matplotlib is installed and there is something to draw."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
        from matplotlib.ticker import FixedLocator, NullLocator
    except ImportError:
        return False
    names, dots = _dots(run)
    if not dots:
        return False
    figure = Figure(figsize=(9, 1.4 + INCHES_A_ROW * len(names)), layout="constrained")
    axes = figure.subplots()
    axes.axvline(1, color="black", linewidth=0.8)
    for peer, colour in COLOURS.items():
        its = [dot for dot in dots if dot.peer == peer]
        if its:
            axes.scatter(
                [_near(dot) for dot in its], [dot.row for dot in its], color=colour, s=28, label=peer, zorder=3
            )
    for dot in dots:
        axes.plot([1, _near(dot)], [dot.row, dot.row], color=COLOURS[dot.peer], linewidth=1, alpha=0.5)
        is_left = (dot.ratio < 1) == _is_outermost(dot, dots)
        place: dict[str, Any] = {"xytext": (-6 if is_left else 6, 0), "textcoords": "offset points", "fontsize": 8}
        place |= {"ha": "right" if is_left else "left", "va": "center"}
        place["bbox"] = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
        axes.annotate(f"{dot.ratio:.2f}", (_near(dot), dot.row), **place)
    axes.set(xscale="log", yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.4, -0.6))
    axes.set_xlim(min(_near(dot) for dot in dots) / 1.5, max(_near(dot) for dot in dots) * 1.5)
    axes.set_title("memcluster's cost divided by the peer's: left of the line memcluster needs less", fontsize=10)
    axes.tick_params(axis="y", labelsize=8, length=0)
    axes.xaxis.set_major_locator(FixedLocator([0.05, 0.1, 0.2, 0.5, 1, 2, 5]))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(visible=True, alpha=0.25)
    axes.spines[["top", "right", "left"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=len(COLOURS), frameon=False, fontsize=9)
    # Text as text keeps the file small, and the same run writes the same file.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "bench"}):
        figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)
    return True


def _dots(run: dict[str, Any]) -> tuple[list[str], list[Dot]]:
    names: list[str] = []
    dots: list[Dot] = []
    for found in run["scenarios"]:
        others = [other for other in found.get("contenders", [])[1:] if other["name"] in COLOURS]
        if not others or is_of_the_generator(found["name"]):
            continue
        power = -1 if found["main"] in MORE_IS_BETTER else 1
        dots += [
            Dot(len(names), other["name"], other["ours_to_it"] ** power) for other in others if other["ours_to_it"]
        ]
        names.append(found["name"])
    return names, dots


def _near(dot: Dot) -> float:
    return min(dot.ratio, FARTHEST)


def _is_outermost(dot: Dot, dots: list[Dot]) -> bool:
    """Of its row on its side of the line: its number stands outside, that of others inside."""
    beside = [other.ratio for other in dots if other.row == dot.row and (other.ratio < 1) == (dot.ratio < 1)]
    return dot.ratio == (min(beside) if dot.ratio < 1 else max(beside))
