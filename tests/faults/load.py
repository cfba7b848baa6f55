"""Load that knows what it asked for: every answer is checked against its request.

Keys are written and read with meta commands that carry an opaque of their own, and a value names its key and version.
An answer that belongs to another request shows in one of them. Errors are counted; they are allowed, mix-ups are not.
"""

import itertools
import re
import threading
from collections import Counter
from random import Random
from typing import Self

from tests.connection import Address, Connection
from tests.servers import wait_for

KEYS = 400
BATCH = 8
VALUE = re.compile(rb"(?P<name>\S+)=(?P<version>\d+);(?P<filling>x*)")
FILLINGS = (0, 10, 100, 3000, 20_000)
NUMBERS = itertools.count()
"""Of clients: each has keys of its own, which no load before it has written."""
READ, WRITE = b"mg", b"ms"


class Load:
    """Clients in threads, each with its own connection and keys, from entering to leaving the context."""

    def __init__(self, address: Address, clients: int = 3) -> None:
        self.address = address
        self.tally: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(next(NUMBERS),)) for _ in range(clients)]

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def wait_for_more(self, what: str, count: int = 300) -> None:
        """Until so many more answers of this kind (`hit`, `miss`, `stored`, `error`) have come."""
        wanted = self.tally[what] + count
        wait_for(lambda: self.tally[what] >= wanted or self.wrong, f"{count} more answers of kind {what}")

    def run(self, number: int) -> None:
        client = Client(f"load{number}", self, Random(number))
        while not self.is_over.is_set() and not self.wrong:
            try:
                with Connection(self.address) as connection:
                    while not self.is_over.is_set() and not self.wrong:
                        client.ask(connection)
            except (OSError, ConnectionError) as error:
                self.wrong.append(f"the connection broke: {error}")


class Client:
    """Asks in batches, and checks that answers come in their order."""

    def __init__(self, name: str, load: Load, random: Random) -> None:
        self.name, self.load, self.random = name, load, random
        self.opaques = itertools.count(1)
        self.versions: Counter[bytes] = Counter()

    def ask(self, connection: Connection) -> None:
        asked = [self.draw() for _ in range(BATCH)]
        connection.send(b"".join(sent for *_, sent in asked))
        for verb, key, opaque, _ in asked:
            self.check(connection, verb, key, opaque)

    def draw(self) -> tuple[bytes, bytes, bytes, bytes]:
        key = f"{self.name}:{self.random.randrange(KEYS)}".encode()
        opaque = b"O%d" % next(self.opaques)
        if self.random.random() < 0.6:
            return READ, key, opaque, b"mg %b v k %b\r\n" % (key, opaque)
        self.versions[key] += 1
        value = b"%b=%d;%b" % (key, self.versions[key], b"x" * self.random.choice(FILLINGS))
        return WRITE, key, opaque, b"ms %b %d k %b\r\n%b\r\n" % (key, len(value), opaque, value)

    def check(self, connection: Connection, verb: bytes, key: bytes, opaque: bytes) -> None:
        line = connection.receive_until(b"\r\n")[:-2]
        words = line.split(b" ")
        if line.startswith(b"SERVER_ERROR "):
            self.load.tally["error"] += 1
        elif words[-2:] != [b"k" + key, opaque]:
            self.load.wrong.append(f"asked {verb!r} {key!r} {opaque!r}, was answered {line!r}")
        elif verb == WRITE:
            self.load.tally["stored" if words[0] == b"HD" else "error"] += 1
        elif words[0] == b"VA":
            self.load.tally["hit"] += 1
            self.check_value(connection.receive_exactly(int(words[1]) + 2), int(words[1]), key)
        else:
            self.load.tally["miss"] += 1

    def check_value(self, block: bytes, length: int, key: bytes) -> None:
        value = VALUE.fullmatch(block[:length])
        if not value or value["name"] != key or int(value["version"]) > self.versions[key]:
            self.load.wrong.append(f"the value of {key!r} is {block[:60]!r}")
