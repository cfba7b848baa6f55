"""Plays the same cases to a server and to the real memcached, and shrinks the first one on which they disagree."""

import re
from dataclasses import dataclass, replace
from random import Random
from typing import Self

from tests.connection import Address, ask
from tests.wire.differential.case import Batch, Case, Player, draw_case
from tests.wire.differential.compare import Comparison
from tests.wire.differential.differences import Known

SHRINK_ROUNDS_MAX = 300


@dataclass
class Pair:
    """The server that says what is right, the one that is asked, and what is known to differ."""

    truth: Address
    asked: Address
    known: Known
    has_one_counter: bool

    def __post_init__(self) -> None:
        for address in (self.truth, self.asked):
            warm_up(address)
        self.players = (Player(self.truth), Player(self.asked))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        for player in self.players:
            player.connection.close()

    def play(self, case: Case) -> str | None:
        """What differs, for a reader, or None."""
        comparison = Comparison(has_one_counter=self.has_one_counter)
        expected, received = (player.play(case) for player in self.players)
        for number in range(max(len(expected), len(received))):
            pair = [b"".join(answers[number : number + 1]) for answers in (expected, received)]
            if difference := comparison.difference(*map(self.known.mask, pair)):
                return f"batch {number + 1}, {difference}"
        return None

    def play_again(self, case: Case) -> str | None:
        """As `play`, on emptied servers and new connections."""
        for player in self.players:
            ask(player.address, b"flush_all\r\n")
            player.renew()
        return self.play(case)

    def shrink(self, case: Case) -> Case:
        """The case without every command and cut that the difference does not need."""
        for _ in range(SHRINK_ROUNDS_MAX):
            for smaller in smaller_cases(case):
                if self.play_again(smaller):
                    case = smaller
                    break
            else:
                break
        return case


def warm_up(address: Address) -> None:
    """Moves the CAS counter away from the small numbers that the cases write out."""
    ask(address, b"".join(b"set warm 0 0 1 noreply\r\n1\r\n" for _ in range(1000)) + b"flush_all\r\n")


def smaller_cases(case: Case) -> list[Case]:
    """Cases with a batch, half of a batch's commands, one command or the cuts taken away; the smallest first."""
    smaller: list[Case] = []
    for number, batch in enumerate(case.batches):
        for size in chunk_sizes(len(batch.commands)):
            for start in range(0, len(batch.commands), size):
                kept = batch.commands[:start] + batch.commands[start + size :]
                smaller.append(with_batch(case, number, Batch(kept, batch.cuts)))
        if batch.cuts:
            smaller.append(with_batch(case, number, Batch(batch.commands, ())))
    return smaller


def chunk_sizes(count: int) -> list[int]:
    sizes = []
    while count:
        sizes.append(count)
        count //= 2
    return sizes


def with_batch(case: Case, number: int, batch: Batch) -> Case:
    batches = [*case.batches]
    batches[number] = batch
    return replace(case, batches=tuple(batch for batch in batches if batch.commands))


def short(answer: bytes) -> str:
    """The bytes as in Python, long runs of one letter as {length*letter}."""
    shown = re.sub(r"(\w)\1{19,}", lambda run: f"{{{len(run[0])}*{run[1]}}}", repr(answer))
    return shown if len(shown) < 2000 else f"{shown[:1000]} ... {shown[-1000:]}"


def describe(case: Case) -> str:
    lines = [f"seed {case.seed}"]
    for number, batch in enumerate(case.batches, start=1):
        lines.append(f"batch {number}, cut at {batch.cuts}" if batch.cuts else f"batch {number}")
        lines += [f"  {short(command.text)}" for command in batch.commands]
    return "\n".join(lines)


def compare(pair: Pair, seed: int, commands: int) -> str | None:
    """Plays at least this many commands from `seed` on; the first difference, shrunk, or None."""
    seeds = Random(seed)
    played = 0
    while played < commands:
        case = draw_case(seeds.getrandbits(32), pair.known.is_sent)
        played += case.count()
        if pair.play(case) and (found := pair.play_again(case)):
            smallest = pair.shrink(case)
            return f"{describe(smallest)}\n{pair.play_again(smallest) or found}"
    return None
