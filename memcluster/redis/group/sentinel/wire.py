"""Requests read and answers written, in RESP2 and RESP3. Pure: knows no socket and no command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from memcluster.redis.resp import MalformedReplyError, Refusal, read

REQUEST_BYTES_MAX = 64 << 10
"""Nothing that is asked here is longer."""


class BadRequestError(ValueError):
    """Bytes that are no request; the connection ends."""


@dataclass(frozen=True)
class Status:
    """`+OK`."""

    text: str


@dataclass(frozen=True)
class Push:
    """What a subscriber is told: a push in RESP3, an array in RESP2."""

    items: tuple[Answer, ...]


@dataclass(frozen=True)
class NilArray:
    """`*-1`: no array, as RESP2 says it."""


Answer: TypeAlias = "Status | Refusal | Push | NilArray | str | int | list[Answer] | dict[str, Answer] | None"


def take_request(received: bytearray) -> list[str] | None:
    """Takes the next whole request out of what was received: an array of strings, or words in a line."""
    if len(received) > REQUEST_BYTES_MAX:
        raise BadRequestError("too big a request")
    if received[:1] != b"*":
        line, found, _ = bytes(received).partition(b"\n")
        if not found:
            return None
        del received[: len(line) + 1]
        return line.decode(errors="replace").split()
    try:
        found_request = read(received)
    except MalformedReplyError as error:
        raise BadRequestError(str(error)) from None
    if found_request is None:
        return None
    words, end = found_request
    if not isinstance(words, list) or not all(isinstance(word, bytes) for word in words):
        raise BadRequestError("a request is an array of strings")
    del received[:end]
    return [word.decode(errors="replace") for word in words]


def written(answer: Answer, protocol: int) -> bytes:
    """The answer in this version of the protocol."""
    is_third = protocol >= 3
    match answer:
        case Status() | Refusal():
            return b"%b%b\r\n" % (b"+" if isinstance(answer, Status) else b"-", _line(answer.text))
        case None | NilArray():
            return b"_\r\n" if is_third else b"*-1\r\n" if answer else b"$-1\r\n"
        case int():
            return b":%d\r\n" % answer
        case str():
            return b"$%d\r\n%b\r\n" % (len(answer.encode()), answer.encode())
    kind, parts = _parts(answer)
    count = len(parts) // 2 if is_third and kind == b"%" else len(parts)
    head = b"%b%d\r\n" % (kind if is_third else b"*", count)
    return head + b"".join(written(each, protocol) for each in parts)


def _parts(answer: list[Answer] | dict[str, Answer] | Push) -> tuple[bytes, list[Answer]]:
    """What RESP3 calls it, and what is in it; RESP2 has arrays for all."""
    match answer:
        case dict():
            return b"%", [each for pair in answer.items() for each in pair]
        case Push(items):
            return b">", list(items)
    return b"*", answer


def _line(text: str) -> bytes:
    return text.replace("\r", " ").replace("\n", " ").encode()
