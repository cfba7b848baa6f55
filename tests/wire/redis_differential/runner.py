"""Plays the same cases to the real redis-server and to ours, and shrinks the first one on which they disagree."""

from dataclasses import dataclass, field
from random import Random
from typing import Self

from tests.connection import Address, ask
from tests.wire.differential.case import Batch, Case
from tests.wire.differential.runner import short, smaller_cases
from tests.wire.redis_differential.case import PROLOGUE, Command, Player, draw_case, encode
from tests.wire.redis_differential.differences import Known
from tests.wire.redis_differential.families import FAMILIES
from tests.wire.redis_differential.replies import Reply, agree, read_all
from tests.wire.redis_differential.row import Order

SHRINK_ROUNDS_MAX = 300
PUSH = b">"
"""When it comes, between which replies, is nobody's promise."""


@dataclass
class Pair:
    """The server that says what is right, the one that is asked, and what is known to differ."""

    truth: Address
    asked: Address
    known: Known = field(default_factory=Known)
    families: tuple[str, ...] = tuple(FAMILIES)

    def __post_init__(self) -> None:
        self.missing = {name for name in self.names() if self.is_missing(name)}
        prologue = [text for text in PROLOGUE if text.split()[0] not in self.missing]
        self.players = (Player(self.truth, prologue), Player(self.asked, prologue))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        for player in self.players:
            player.connection.close()

    def names(self) -> set[str]:
        return {row.name for rows in FAMILIES.values() for row in rows}

    def is_missing(self, name: str) -> bool:
        """Whether ours has no such command, while the real one has."""
        # A transaction, since a command by itself might close the connection or wait.
        theirs, ours = (ask(address, encode([name.encode(), *[b"x"] * 40])) for address in (self.truth, self.asked))
        return b"unknown command" in ours and b"unknown command" not in theirs

    def is_sent(self, command: Command) -> bool:
        return command.row.name not in self.missing and self.known.is_sent(command)

    def play(self, case: Case) -> str | None:
        """What differs, for a reader, or None."""
        expected, received = (player.play(case) for player in self.players)
        for number, batch in enumerate(case.batches):
            pair = [b"".join(answers[number : number + 1]) for answers in (expected, received)]
            if pair[0] != pair[1] and (difference := difference_in(batch, *map(self.known.mask, pair))):
                return f"batch {number + 1}, {difference}"
        return None

    def play_again(self, case: Case) -> str | None:
        """As `play`, on new connections."""
        try:
            for player in self.players:
                player.renew()
            return self.play(case)
        except ConnectionError as error:
            raise AssertionError(f"a server is gone after\n{describe(case)}") from error

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


def difference_in(batch: Batch, expected: bytes, received: bytes) -> str | None:
    """The first command of a batch whose answers do not agree, with both."""
    if expected == received:
        return None
    theirs, ours = ([reply for reply in read_all(text) if reply[0] != PUSH] for text in (expected, received))
    queue: list[Order] = []
    for place, command in enumerate(batch.commands):
        pair = theirs[place : place + 1], ours[place : place + 1]
        order = command.row.order
        if pair[0] and pair[1]:
            agreed = transaction_agrees(pair[0][0], pair[1][0], queue) if is_exec(command) else False
            if agreed or agree(pair[0][0], pair[1][0], order):
                queue = queued(queue, command, pair[0][0])
                continue
        return f"{short(b' '.join(command.words))}\n  redis-server: {shown(pair[0])}\n  ours:         {shown(pair[1])}"
    if theirs[len(batch.commands) :] == ours[len(batch.commands) :]:
        return None
    return f"after the last command\n  redis-server: {shown(theirs[-2:])}\n  ours:         {shown(ours[-2:])}"


def describe(case: Case) -> str:
    """A case as a reader can type it."""
    lines = [f"seed {case.seed}, RESP{2 + case.seed % 2}"]
    for number, batch in enumerate(case.batches, start=1):
        lines.append(f"batch {number}, cut at {batch.cuts}" if batch.cuts else f"batch {number}")
        lines += [f"  {short(b' '.join(command.words))}" for command in batch.commands]
    return "\n".join(lines)


def is_exec(command: Command) -> bool:
    return bool(command.words) and command.words[0].upper() == b"EXEC"


def queued(queue: list[Order], command: Command, reply: Reply) -> list[Order]:
    """How the answers of the commands that wait for EXEC compare."""
    if reply == (b"+", b"QUEUED"):
        return [*queue, command.row.order]
    name = command.words[0].upper() if command.words else b""
    return [] if name in (b"MULTI", b"EXEC", b"DISCARD") else queue


def transaction_agrees(theirs: Reply, ours: Reply, queue: list[Order]) -> bool:
    """Whether each command of a transaction got an answer that says the same."""
    if theirs[0] != b"*" or ours[0] != b"*" or not isinstance(theirs[1], list) or not isinstance(ours[1], list):
        return False
    if not len(theirs[1]) == len(ours[1]) == len(queue):
        return False
    return all(agree(*each) for each in zip(theirs[1], ours[1], queue, strict=True))


def shown(replies: list[Reply]) -> str:
    return short(repr(replies[0] if len(replies) == 1 else replies).encode()) if replies else "nothing"


def compare(pair: Pair, seed: int, commands: int) -> str | None:
    """Plays at least this many commands from `seed` on; the first difference, shrunk, or None."""
    seeds = Random(seed)
    played = 0
    while played < commands:
        case = draw_case(seeds.getrandbits(32), pair.families, pair.is_sent)
        played += case.count()
        if pair.play(case) and (found := pair.play_again(case)):
            smallest = pair.shrink(case)
            return f"{describe(smallest)}\n{pair.play_again(smallest) or found}"
    return None
