"""A scenario: one row of what is measured, and what is to be reached."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.contest import Figures, Options, Scene

Measure = Callable[[Scene], Figures]


@dataclass(frozen=True)
class Scenario:
    """One row."""

    name: str
    title: str
    measure: Measure
    # The figure that the ratio is made of.
    main: str = "cpu_ns"
    role: str = "node"
    threads: int = 1
    # These and nobody else, the first compared with the others.
    taking_part: Sequence[str] = ()
    # The contenders are generators, and all ask the same server.
    one_server: bool = False
    # Ours with one thread takes part too.
    also_single: bool = False
    memory_mb: int = 1024
    # All contenders run at once and are measured in turns; else each round starts them anew.
    stays: bool = True
    rounds: int | None = None
    # A server with no store can take part: what is measured is time.
    has_floor: bool = False
    item_size_max: str = "1m"
    # Behind a proxy; the last of them stands behind a relay that can be slow.
    nodes: int = 2
    has_relay: bool = False
    # Redis's directives for every server.
    directives: Sequence[str] = ()
    # Writes what every server finds in its directory when it starts.
    prepare: Callable[[Path, Options], None] | None = None
    # What is to be reached: the ratio of the main figure to a peer's, or (by the name of a figure) ours itself.
    at_most: Mapping[str, float] = field(default_factory=dict)
    at_least: Mapping[str, float] = field(default_factory=dict)
    # Beyond what is to be reached: what is tried for.
    tried: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
