"""A case of one seed: batches of random commands over a few keys, sent to one server and answered.

        FLUSHALL, HELLO 2 or 3, a key of each type
        batch 1, in pieces, then DISCARD and ECHO with a token of its own: where its answers end
        batch 2 ...

Knows nothing of other servers.
"""

import itertools
import re
import select
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

from tests.connection import Address, Connection
from tests.wire.differential.case import Batch, Case
from tests.wire.redis_differential.families import FAMILIES
from tests.wire.redis_differential.row import Order, Row
from tests.wire.redis_differential.words import draw_word, spoil

BATCHES_MAX = 3
COMMANDS_A_BATCH_MAX = 40
PIECES_MAX = 6
CASES_A_CONNECTION = 50
SPOILT_SHARE = 0.05
INLINE_SHARE = 0.08
INLINE_BYTES_MAX = 4000
FENCE_SECONDS = 5.0
ENDED = b"<closed>"
PROLOGUE = (
    "SET string1 10", "RPUSH list1 a b 10", "SADD set1 a b 17", "SADD set2 1 2 3", "ZADD zset1 1 a 2 b 2 c",
    "HSET hash1 a 1 b hello", "XADD stream1 1-1 a 1", "SET bits1 hello", "PFADD hll1 a b c", "PFADD hll2 c d",
    "GEOADD geo1 13.361389 38.115556 a 15.087269 37.502669 b -122.4 37.8 c",
)  # fmt: skip


@dataclass(frozen=True)
class Command:
    """The bytes of one command, the row it came from, and its words."""

    text: bytes
    row: Row
    words: tuple[bytes, ...]


def encode(words: Iterable[bytes]) -> bytes:
    words = list(words)
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


def inline(words: Iterable[bytes]) -> bytes:
    """The same in one line, as people type it: what is not plain is quoted."""
    return b" ".join(word if re.fullmatch(rb"[\w*.:-]+", word) else quoted(word) for word in words) + b"\r\n"


def quoted(word: bytes) -> bytes:
    if re.fullmatch(rb"[ -~]*", word) and b"\\" not in word and b"'" not in word:
        return b"'%b'" % word
    escapes = {10: b"\\n", 13: b"\\r", 34: b'\\"', 92: b"\\\\"}
    letters = (escapes.get(byte) or (b"%c" % byte if 32 <= byte < 127 else b"\\x%02x" % byte) for byte in word)
    return b'"%b"' % b"".join(letters)


def plain(text: str) -> bytes:
    return encode(word.encode() for word in text.split())


class Drawer:
    """Draws commands of some families."""

    def __init__(self, random: Random, rows: list[Row]) -> None:
        self.random = random
        self.rows = rows
        self.weights = list(itertools.accumulate(row.weight for row in rows))
        self.is_in_transaction = False

    def draw(self) -> Command:
        row = self.random.choices(self.rows, cum_weights=self.weights)[0]
        while self.is_in_transaction and row.alone:
            row = self.random.choices(self.rows, cum_weights=self.weights)[0]
        words = [draw_word(kind, self.random) for kind in row.draw(self.random)]
        if row.spoils and self.random.random() < SPOILT_SHARE:
            # An option put in by chance may ask for a part of what has no order.
            words = spoil(words, self.random) if row.order is Order.EXACT else words[: self.random.randint(1, 2)]
        if row.name in ("MULTI", "EXEC", "DISCARD"):
            self.is_in_transaction = row.name == "MULTI" or (self.is_in_transaction and len(words) > 1)
        text = encode(words)
        is_inline = self.random.random() < INLINE_SHARE and len(text) < INLINE_BYTES_MAX
        return Command(inline(words) if is_inline else text, row, tuple(words))


def draw_case(seed: int, families: tuple[str, ...], is_sent: Callable[[Command], bool]) -> Case:
    """The case of this seed: of one family, or of all of them together."""
    random = Random(seed)
    chosen = random.choice((*families, "all")) if len(families) > 1 else families[0]
    rows = [row for family in (families if chosen == "all" else (chosen,)) for row in FAMILIES[family]]
    drawer = Drawer(random, rows)
    batches: list[Batch] = []
    for _ in range(random.randint(1, BATCHES_MAX)):
        commands: list[Command] = []
        drawer.is_in_transaction = False
        for _ in range(random.randint(1, COMMANDS_A_BATCH_MAX)):
            if is_sent(command := drawer.draw()):
                commands += [*preparing(command), command, *settling(command)]
        cuts = sorted(random.random() for _ in range(random.randrange(PIECES_MAX)))
        if commands:
            batches.append(Batch(tuple(commands), tuple(cuts)))
    return Case(seed, tuple(batches))


def preparing(command: Command) -> Iterable[Command]:
    """What is sent before a command, since servers of different age would differ in it."""
    for words in command.row.before(command.words) if command.row.before else ():
        row = Row(words[0].decode(), order=Order.EXACT)
        yield Command(encode(words), row, tuple(words))


def settling(command: Command) -> Iterable[Command]:
    """What follows an answer that chance decides, so that both servers hold the same again."""
    if command.row.settles and len(command.words) > 1:
        words = [command.words[1] if word == "{key}" else word.encode() for word in command.row.settles.split()]
        row = Row(command.row.settles.partition(" ")[0], order=Order.EXACT)
        yield Command(encode(words), row, tuple(words))


class Player:
    """Plays cases to one server."""

    def __init__(self, address: Address, prologue: Iterable[str] = PROLOGUE) -> None:
        self.address = address
        self.prologue = tuple(prologue)
        self.connection = Connection(address)
        self.fences = itertools.count(1)

    def play(self, case: Case) -> list[bytes]:
        """The answers, one a batch. The connection is renewed now and then, and whenever a case has ended it."""
        if self.connection.is_ended or next(self.fences) % CASES_A_CONNECTION == 0:
            self.renew()
        version = 2 + case.seed % 2
        prologue = ["RESET", "FLUSHALL", "FUNCTION FLUSH", f"HELLO {version}", *self.prologue]
        self.fenced(b"".join(map(plain, prologue)), ())
        answers = []
        for batch in case.batches:
            answers.append(self.fenced(b"".join(command.text for command in batch.commands), batch.cuts))
            if self.connection.is_ended:
                break
        return answers

    def renew(self) -> None:
        self.connection.close()
        self.connection = Connection(self.address)

    def fenced(self, sent: bytes, cuts: tuple[float, ...]) -> bytes:
        """Sends, and returns what is answered up to an echo of a token."""
        fence = b"fence-%d" % next(self.fences)
        self.send(sent + plain("DISCARD") + encode((b"ECHO", fence)), cuts)
        ending = b"$%d\r\n%b\r\n" % (len(fence), fence)
        try:
            return self.connection.receive_until(ending, FENCE_SECONDS).removesuffix(ending)
        except TimeoutError:
            received, self.connection.received = self.connection.received, b""
            mark = ENDED if self.connection.is_ended else b"<no more answers>"
            self.connection.is_ended = True
            return received + mark

    def send(self, sent: bytes, cuts: tuple[float, ...]) -> None:
        places = [0, *(int(cut * len(sent)) for cut in cuts), len(sent)]
        try:
            for start, end in itertools.pairwise(places):
                self.connection.send(sent[start:end])
                # Gives the server a moment to read the piece by itself.
                select.select([self.connection.socket], [], [], 0.0002 if end < len(sent) else 0)
        except (BrokenPipeError, ConnectionResetError):
            """It closed the connection: the answer says so."""
