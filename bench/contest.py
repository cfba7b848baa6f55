"""A contest: the contenders of one scenario take turns (A B A B …), and what each round found is compared."""

import contextlib
import dataclasses
import shutil
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.generator import GENERATOR_PROCESSORS
from bench.peers import BEFORE_NODES, NODES, REDIS_NODES, ROLES, Need, Peer
from bench.processes import Process, free_port

if TYPE_CHECKING:
    from bench.scenario import Scenario

Figures = dict[str, float]

SERVER_PROCESSORS = {0}
# A server with several threads is not told where to run, nor is who asks it: on one processor it would wait for the
# thread there while the other idles. Measured: 1.64 times one thread's rate instead of 1.49.
ALL_PROCESSORS = {0, 1}
NODE_PROCESSORS = {1}
PREPARED = "prepared"


@dataclass(frozen=True)
class Options:
    """What the command line chose."""

    rounds: int = 5
    seconds: float = 0.2
    ours: str = "memcluster"
    against: Sequence[str] = ()
    # Another checkout of ours, built in place, to be compared with.
    before: Path | None = None
    # Who stands behind the proxies.
    behind: str = "memcached"
    traces: Sequence[tuple[str, float]] = ()
    accesses: int = 500_000
    # How much is loaded at a start.
    load_mb: int = 100


@dataclass(frozen=True)
class Scene:
    """What a measurement finds: a running server, and what to do with it."""

    # The contender's.
    name: str
    server: Process
    settings: Mapping[str, Any]
    options: Options
    # The first look at this process: fill it.
    is_first: bool
    # Where the generator runs.
    asking: set[int]
    # Behind a proxy, the real ones; a relay stands before the last of them if one is to be slow.
    nodes: Sequence[str] = ()
    relay: Process | None = None


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
    peers = ROLES[scenario.role]
    against = (name for name in options.against if name in peers and (scenario.has_floor or name != "floor"))
    names = scenario.taking_part or (options.ours, *against)
    found = [Contender(name, peers[name], scenario.threads) for name in names if peers[name].is_installed]
    if options.before and options.ours in names:
        before = dataclasses.replace(peers[options.ours], checkout=options.before)
        found.append(Contender(f"{options.ours} before", before, scenario.threads))
    if scenario.also_single:
        found.append(Contender(f"{options.ours} -t 1", peers[options.ours], 1))
    return found


def missing(scenario: "Scenario") -> list[str]:
    """Programs without which there is nothing to compare."""
    peers = ROLES[scenario.role]
    return [
        peers[name].program for name in scenario.taking_part if scenario.one_server and not peers[name].is_installed
    ]


def hold(scenario: "Scenario", options: Options) -> list[Contender]:
    """Measures all rounds of a scenario."""
    taking_part = contenders(scenario, options)
    rounds = scenario.rounds or options.rounds
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        if scenario.prepare:
            scenario.prepare(folder / PREPARED, options)
        nodes = _nodes(scenario, options, folder, stack) if scenario.role in BEFORE_NODES else Nodes([], [], None)
        stay = taking_part[:1] if scenario.one_server else taking_part if scenario.stays else []
        running = [stack.enter_context(_server(scenario, one, folder, nodes.asked)) for one in stay]
        if scenario.one_server:
            running *= len(taking_part)
        for number in range(rounds):
            for index, contender in enumerate(taking_part):
                with contextlib.ExitStack() as turn:
                    server = (
                        running[index]
                        if running
                        else turn.enter_context(_server(scenario, contender, folder, nodes.asked))
                    )
                    is_first = number == 0 or not running
                    asking = GENERATOR_PROCESSORS if scenario.threads == 1 else ALL_PROCESSORS
                    scene = Scene(
                        contender.name, server, scenario.settings, options, is_first, asking, nodes.real, nodes.relay
                    )
                    contender.rounds.append(scenario.measure(scene))
    return taking_part


def _server(scenario: "Scenario", contender: Contender, folder: Path, nodes: Sequence[str]) -> Process:
    value_bytes = scenario.settings.get("value_bytes", {}).get("bytes", 100)
    # Not by its port's name: the kernel may give the same one again.
    port, own = free_port(), Path(tempfile.mkdtemp(dir=folder))
    if scenario.prepare:
        shutil.copytree(folder / PREPARED, own, dirs_exist_ok=True)
    need = Need(
        port,
        own,
        contender.threads,
        scenario.memory_mb,
        scenario.item_size_max,
        value_bytes,
        nodes,
        scenario.directives,
    )
    processors = SERVER_PROCESSORS if scenario.threads == 1 else ALL_PROCESSORS
    return Process(contender.peer.command(need), need.port, processors, contender.peer.checkout)


class Nodes(NamedTuple):
    """The nodes behind proxies: those that exist, those the proxies are told of, and the relay between the last two."""

    real: list[str]
    asked: list[str]
    relay: Process | None


def _nodes(scenario: "Scenario", options: Options, folder: Path, stack: contextlib.ExitStack) -> Nodes:
    """All proxies stand before the same nodes; where each of them puts a key is its own business."""
    behind = REDIS_NODES[options.ours] if scenario.role == "relay" else NODES[options.behind]
    needs = [Need(free_port(), folder, memory_mb=scenario.memory_mb) for _ in range(scenario.nodes)]
    real = [stack.enter_context(Process(behind.command(need), need.port, NODE_PROCESSORS)).address for need in needs]
    if not scenario.has_relay:
        return Nodes(real, real, None)
    port = free_port()
    command = [sys.executable, "-m", "bench.relay", str(port), real[-1].rpartition(":")[2]]
    relay = stack.enter_context(Process(command, port, NODE_PROCESSORS))
    return Nodes(real, [*real[:-1], relay.address], relay)


def ratio(ours: Contender, other: Contender, figure: str) -> float:
    """The median over the rounds of ours divided by the other's of the same round."""
    pairs = zip(ours.rounds, other.rounds, strict=True)
    return statistics.median(mine[figure] / (theirs[figure] or float("nan")) for mine, theirs in pairs)
