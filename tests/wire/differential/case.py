"""A case: a few batches of commands, cut anywhere, sent to one server and answered.

        batch 1, in pieces ->            the fence: a miss that echoes a token of its own
        <- answers, up to the fence
        (CAS values are looked up)
        batch 2, in pieces -> ...

The fence tells where the answers to a batch end, whatever they are. Knows nothing of other servers.
"""

import itertools
import re
import select
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from tests.connection import Address, Connection
from tests.wire.differential.commands import Command, Writer, draw

BATCHES_MAX = 3
COMMANDS_A_BATCH_MAX = 40
PIECES_MAX = 6
CASES_A_CONNECTION = 50
FENCE_SECONDS = 3.0
CAS_MAX = (1 << 64) - 1
CAS_OF_NO_KEY = 1 << 62
"""Larger than any that a server counts up to: `I` compares them."""
PLACEHOLDER = re.compile(rb"\{cas([+-]\d+):([^}]+)\}")
FILLER = b"get " + b"f" * 200 + b"\r\n"
"""Longer than any surplus: a block that was announced too long takes from this, and not from the fence."""
ENDED = b"<closed>"


@dataclass(frozen=True)
class Batch:
    """Commands sent together, and where their bytes are cut (as parts of their length)."""

    commands: tuple[Command, ...]
    cuts: tuple[float, ...]


@dataclass(frozen=True)
class Case:
    """What one seed stands for."""

    seed: int
    batches: tuple[Batch, ...]

    def count(self) -> int:
        return sum(len(batch.commands) for batch in self.batches)


def draw_case(seed: int, is_sent: Callable[[Command], bool]) -> Case:
    """The case of this seed, without the commands that are not to be sent to these servers."""
    random = Random(seed)
    writer = Writer(random, f"{seed:x}:")
    batches: list[Batch] = []
    for _ in range(random.randint(1, BATCHES_MAX)):
        commands: list[Command] = []
        for _ in range(random.randint(1, COMMANDS_A_BATCH_MAX)):
            if is_sent(command := draw(writer)):
                commands.append(command)
            if commands and (commands[-1].is_last or commands[-1].surplus):
                break
        if not commands:
            continue
        cuts = sorted(random.random() for _ in range(random.randrange(PIECES_MAX)))
        batches.append(Batch(tuple(commands), tuple(cuts)))
        if commands[-1].is_last:
            break
    return Case(seed, tuple(batches))


class Player:
    """Plays cases to one server."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.connection = Connection(address)
        self.fences = itertools.count(1)

    def play(self, case: Case) -> list[bytes]:
        """The answers, one a batch. The connection is renewed now and then, and whenever a case has ended it."""
        if self.connection.is_ended or next(self.fences) % CASES_A_CONNECTION == 0:
            self.renew()
        answers: list[bytes] = []
        for batch in case.batches:
            answers.append(self.answer(batch))
            if self.connection.is_ended:
                break
        return answers

    def renew(self) -> None:
        self.connection.close()
        self.connection = Connection(self.address)

    def answer(self, batch: Batch) -> bytes:
        *commands, last = batch.commands
        if last.is_last:
            # By itself: memcached may drop finished answers when a connection ends inside a data block.
            begun = self.fenced_answer(commands, batch.cuts) if commands else b""
            return begun if self.connection.is_ended else begun + self.last_answer(last.text)
        return self.fenced_answer(batch.commands, batch.cuts)

    def fenced_answer(self, commands: Sequence[Command], cuts: tuple[float, ...]) -> bytes:
        sent = self.filled_in(b"".join(command.text for command in commands))
        filler = FILLER if any(command.surplus for command in commands) else b""
        fence = b"Of%d" % next(self.fences)
        self.send(sent + filler + b"mg fence " + fence + b"\r\n", cuts)
        return self.until(b"EN " + fence + b"\r\n")

    def until(self, ending: bytes) -> bytes:
        try:
            return self.connection.receive_until(ending, FENCE_SECONDS).removesuffix(ending)
        except TimeoutError:
            received, self.connection.received = self.connection.received, b""
            mark = ENDED if self.connection.is_ended else b"<no more answers>"
            self.renew()
            return received + mark

    def last_answer(self, sent: bytes) -> bytes:
        """For a command that ends the connection: everything until the server has closed its side."""
        self.send(sent, ())
        try:
            self.connection.finish_sending()
        except OSError:
            """The server was faster in closing."""
        try:
            return self.connection.receive_all() + ENDED
        except TimeoutError:
            received = self.connection.received
            return received + b"<not closed>"
        finally:
            self.connection.is_ended = True

    def send(self, sent: bytes, cuts: tuple[float, ...]) -> None:
        places = [0, *(int(cut * len(sent)) for cut in cuts), len(sent)]
        try:
            for start, end in itertools.pairwise(places):
                self.connection.send(sent[start:end])
                # Gives the server a moment to read the piece by itself.
                select.select([self.connection.socket], [], [], 0.0002 if end < len(sent) else 0)
        except (BrokenPipeError, ConnectionResetError):
            """It closed the connection: the answer says so."""

    def filled_in(self, text: bytes) -> bytes:
        """`text` with this server's CAS values in the place of the placeholders."""
        keys = {match[2] for match in PLACEHOLDER.finditer(text)}
        if not keys:
            return text
        values = {key: self.current_cas(key) for key in keys}
        return PLACEHOLDER.sub(lambda match: b"%d" % min(max(values[match[2]] + int(match[1]), 0), CAS_MAX), text)

    def current_cas(self, key: bytes) -> int:
        answer = self.connection.ask(b"mg " + key + b" c u\r\n")
        return int(answer.split()[1][1:]) if answer.startswith(b"HD c") else CAS_OF_NO_KEY
