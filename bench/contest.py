"""A contest: the contenders of one scenario take turns (A B A B …), and what each round found is compared."""

import contextlib
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.peers import NODES, PROXIES, Need, Peer
from bench.processes import Process, free_port

if TYPE_CHECKING:
    from bench.scenarios import Scenario

Figures = dict[str, float]

SERVER_PROCESSORS = {0}
# A server with several threads is not told where to run; neither are the nodes behind a proxy, which are not measured.
ALL_PROCESSORS = {0, 1}
NODE_PROCESSORS = {1}


@dataclass(frozen=True)
class Options:
    """What the command line chose."""

    rounds: int = 5
    seconds: float = 2.0
    ours: str = "memcluster"
    against: Sequence[str] = ()
    # Who stands behind the proxies.
    behind: str = "memcached"
    traces: Sequence[tuple[str, float]] = ()
    accesses: int = 500_000


@dataclass(frozen=True)
class Scene:
    """What a measurement finds: a running server, and what to do with it."""

    server: Process
    settings: Mapping[str, Any]
    options: Options
    # The first look at this process: fill it.
    is_first: bool


@dataclass
class Contender:
    """A name in the table, and all its rounds."""

    name: str
    peer: Peer
    threads: int
    rounds: list[Figures] = field(default_factory=list)

    def median(self, figure: str) -> float:
        """The middle of all rounds."""
        return statistics.median(round_[figure] for round_ in self.rounds)

    def spread(self, figure: str) -> float:
        """(largest - smallest) / median."""
        found = [round_[figure] for round_ in self.rounds]
        return (max(found) - min(found)) / (statistics.median(found) or 1.0)


def contenders(scenario: "Scenario", options: Options) -> list[Contender]:
    """Ours first, then whom it is compared with, as far as they are installed."""
    peers = PROXIES if scenario.role == "proxy" else NODES
    names = [
        options.ours,
        *(name for name in options.against if name in peers and (scenario.has_floor or name != "floor")),
    ]
    found = [Contender(name, peers[name], scenario.threads) for name in names if peers[name].is_installed]
    if scenario.also_single:
        found.append(Contender(f"{options.ours} -t 1", peers[options.ours], 1))
    return found


def hold(scenario: "Scenario", options: Options) -> list[Contender]:
    """Measures all rounds of a scenario."""
    taking_part = contenders(scenario, options)
    rounds = scenario.rounds or options.rounds
    if scenario.stays:
        with contextlib.ExitStack() as stack:
            servers = [stack.enter_context(started(scenario, options, contender)) for contender in taking_part]
            for number in range(rounds):
                for contender, server in zip(taking_part, servers, strict=True):
                    scene = Scene(server, scenario.settings, options, is_first=number == 0)
                    contender.rounds.append(scenario.measure(scene))
    else:
        for _ in range(rounds):
            for contender in taking_part:
                with started(scenario, options, contender) as server:
                    contender.rounds.append(scenario.measure(Scene(server, scenario.settings, options, is_first=True)))
    return taking_part


@contextlib.contextmanager
def started(scenario: "Scenario", options: Options, contender: Contender) -> Iterator[Process]:
    """The contender's server, with its nodes if it is a proxy."""
    with contextlib.ExitStack() as stack:
        nodes = _nodes(scenario, options, stack) if scenario.role == "proxy" else []
        value_bytes = scenario.settings.get("value_bytes", {}).get("bytes", 100)
        need = Need(free_port(), contender.threads, scenario.memory_mb, value_bytes=value_bytes, nodes=nodes)
        processors = SERVER_PROCESSORS if scenario.threads == 1 else ALL_PROCESSORS
        yield stack.enter_context(Process(contender.peer.command(need), need.port, processors))


def _nodes(scenario: "Scenario", options: Options, stack: contextlib.ExitStack) -> list[str]:
    behind = NODES[options.behind]
    needs = [Need(free_port(), memory_mb=scenario.memory_mb) for _ in range(2)]
    return [stack.enter_context(Process(behind.command(need), need.port, NODE_PROCESSORS)).address for need in needs]


def ratio(ours: Contender, other: Contender, figure: str) -> float:
    """The median over the rounds of ours divided by the other's of the same round."""
    pairs = zip(ours.rounds, other.rounds, strict=True)
    return statistics.median(mine[figure] / (theirs[figure] or float("nan")) for mine, theirs in pairs)
