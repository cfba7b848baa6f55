"""The known differences, a row each: between versions of memcached, and between memcached and our node or proxy.

A row says which commands are not sent to such a pair of servers, or which words of the answers count as the same.
docs/differences.md is this table for readers; `python -m tests.wire.differential.differences` prints it.
"""

import re
from dataclasses import dataclass

from tests.wire.differential.commands import Command

NEWEST = (9, 9, 9)


@dataclass(frozen=True)
class Difference:
    """One known difference."""

    what: str
    reason: str
    before: tuple[int, ...] = NEWEST
    """Holds against a memcached older than this."""
    servers: tuple[str, ...] = ("node", "proxy")
    """Which of ours answer differently."""
    unsent: str | None = None
    """Commands whose first line matches are not sent."""
    same: tuple[str, str] | None = None
    """A pattern of an answer and what counts in its stead, on both sides."""


@dataclass(frozen=True)
class Known:
    """The differences that hold for one pair of servers."""

    rows: tuple[Difference, ...]

    def is_sent(self, command: Command) -> bool:
        line = command.text.partition(b"\n")[0].removesuffix(b"\r").decode("latin-1")
        return not any(row.unsent and re.search(row.unsent, line) for row in self.rows)

    def mask(self, answer: bytes) -> bytes:
        for row in self.rows:
            if row.same:
                pattern, instead = row.same
                answer = re.sub(pattern.encode("latin-1"), instead.encode("latin-1"), answer)
        return answer


def known(server: str, memcached_version: tuple[int, ...]) -> Known:
    """The rows for one of our servers (or `memcached`, for an older one of it) against a memcached of this version."""
    return Known(tuple(row for row in DIFFERENCES if memcached_version < row.before and (server in row.servers or row.before != NEWEST)))


DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        "A retrieval with a key of more than 250 bytes",
        "memcached sends a blank line too many, and throws away the answers to what was pipelined before it, which no client can sort out. "
        "Ours is one `CLIENT_ERROR bad command line format`.",
        servers=("node", "proxy", "memcached"),
        unsent=r"^ *(get|gets|gat|gats) .*[^ ]{251}",
    ),
    Difference(
        "A number that gets shorter",
        "memcached pads it with spaces to its former length, unless an answer that still waits to be sent holds the item. Ours is never padded.",
        servers=("node", "proxy", "memcached"),
        same=(r"((?:VALUE \S+ \d+|VA)) \d+((?: [^\r\n]*)?\r\n\d+) *\r\n", r"\1 N\2\r\n"),
    ),
)
