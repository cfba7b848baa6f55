r"""RESP as the asking side needs it: words to bytes, bytes to replies. Knows no socket.

    encode("SET", "a", 1)   b"*3\r\n$3\r\nSET\r\n…"
    read(received, start)   (reply, where the next one begins), or None while it is not whole

Both versions of the protocol are read. What a reply claims to hold is never allocated before it has arrived.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

REPLY_BYTES_MAX = 64 << 20
"""A longer bulk string is no answer to anything that is asked here."""
DEPTH_MAX = 16

Word = str | bytes | int | float
Reply = Any
"""None, bool, int, float, str (a status), bytes, Refusal, list or dict."""


class MalformedReplyError(ValueError):
    """Bytes that are no RESP."""


@dataclass(frozen=True)
class Refusal:
    """An error reply: `-READONLY …`."""

    text: str

    @property
    def code(self) -> str:
        """Its first word."""
        return self.text.partition(" ")[0]


def encode(*words: Word) -> bytes:
    """One request."""
    encoded = [word if isinstance(word, bytes) else str(word).encode(errors="surrogateescape") for word in words]
    return b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in encoded)


def read(received: bytes | bytearray, start: int = 0, depth: int = 0) -> tuple[Reply, int] | None:
    """The reply that begins at `start` and where the next one begins; None: more has to arrive."""
    if depth > DEPTH_MAX:
        raise MalformedReplyError(f"a reply in more than {DEPTH_MAX} replies")
    end = received.find(b"\r\n", start)
    if end < 0:
        return None
    kind, rest = bytes(received[start : start + 1]), bytes(received[start + 1 : end])
    if kind in SCALARS:
        return SCALARS[kind](rest), end + 2
    if kind in BULKS:
        return _bulk(kind, _number(rest), received, end + 2)
    if kind in AGGREGATES:
        return _aggregate(kind, _number(rest), received, end + 2, depth)
    raise MalformedReplyError(f"a reply that begins with {bytes(received[start : start + 20])!r}")


def mapping(reply: Reply) -> dict[str, Reply]:
    """A map by its names: RESP3's, or RESP2's list of names and values."""
    if isinstance(reply, list):
        if len(reply) % 2:
            raise MalformedReplyError("a map with a name and no value")
        reply = dict(zip(map(text, reply[::2]), reply[1::2], strict=True))
    if not isinstance(reply, dict):
        raise MalformedReplyError(f"{reply!r} where a map should be")
    return {text(name): value for name, value in reply.items()}


def text(reply: Reply) -> str:
    """Text of whatever kind."""
    return reply.decode(errors="surrogateescape") if isinstance(reply, bytes) else "" if reply is None else str(reply)


def _number(digits: bytes) -> int:
    try:
        return int(digits)
    except ValueError:
        raise MalformedReplyError(f"{digits[:30]!r} where a number should be") from None


def _double(digits: bytes) -> float:
    try:
        return float(digits)
    except ValueError:
        raise MalformedReplyError(f"{digits[:30]!r} where a number should be") from None


SCALARS: dict[bytes, Callable[[bytes], Reply]] = {
    b"+": text,
    b"-": lambda rest: Refusal(text(rest)),
    b":": _number,
    b"(": _number,
    b",": _double,
    b"#": lambda rest: rest == b"t",
    b"_": lambda _: None,
}


BULKS = {b"$", b"=", b"!"}
AGGREGATES = {b"*", b"~", b">", b"%", b"|"}


def _bulk(kind: bytes, size: int, received: bytes | bytearray, start: int) -> tuple[Reply, int] | None:
    if size < 0:
        return None, start
    if size > REPLY_BYTES_MAX:
        raise MalformedReplyError(f"a string of {size} bytes: at most {REPLY_BYTES_MAX} are read")
    if len(received) < start + size + 2:
        return None
    held = bytes(received[start : start + size])
    reply = Refusal(text(held)) if kind == b"!" else held[4:] if kind == b"=" else held
    return reply, start + size + 2


def _aggregate(
    kind: bytes, count: int, received: bytes | bytearray, start: int, depth: int
) -> tuple[Reply, int] | None:
    if count < 0:
        return None, start
    parts: list[Reply] = []
    for _ in range(count * 2 if kind in b"%|" else count):
        found = read(received, start, depth + 1)
        if found is None:
            return None
        part, start = found
        parts.append(part)
    if kind == b"|":  # Attributes stand before the reply that they belong to.
        return read(received, start, depth)
    if kind == b"%":
        return {_hashable(name): value for name, value in zip(parts[::2], parts[1::2], strict=True)}, start
    return parts, start


def _hashable(name: Reply) -> Reply:
    return repr(name) if isinstance(name, list | dict) else name
