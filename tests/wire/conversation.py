"""Reads a conversation file (tests/conversations/README.md) and holds it with a server."""

import re
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.connection import Address, Connection

CLOSED = b"closed"


@dataclass(frozen=True)
class Step:
    """One line of a conversation: its mark, its text and where it stands."""

    mark: str
    text: bytes
    line: int


@dataclass
class Conversation:
    """What is sent and expected, and whom it applies to."""

    path: Path
    since: tuple[int, ...] = ()
    servers: tuple[str, ...] = ("node", "proxy", "memcached")
    flags: tuple[str, ...] = ()
    steps: list[Step] = field(default_factory=list)


def read_conversation(path: Path) -> Conversation:
    conversation = Conversation(path)
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        mark, _, text = line.partition(" ")
        match mark:
            case "" | "#":
                continue
            case "!":
                _direct(conversation, text, number)
            case ">" | ">>" | "<" | "<closed":
                conversation.steps.append(Step(mark, unescape(text), number))
            case _:
                raise ValueError(f"{path}:{number}: a line starts with one of # ! > >> < <closed, not with {mark!r}")
    return conversation


def _direct(conversation: Conversation, text: str, number: int) -> None:
    name, *words = text.split()
    match name:
        case "since":
            conversation.since = version_number(words[0])
        case "servers":
            conversation.servers = tuple(words)
        case "flags":
            conversation.flags = tuple(words)
            conversation.servers = tuple(name for name in conversation.servers if name != "proxy")
        case "reconnect":
            conversation.steps.append(Step("reconnect", b"", number))
        case _:
            raise ValueError(f"{conversation.path}:{number}: no such direction: {name!r}")


def unescape(text: str) -> bytes:
    """The bytes that a text of a conversation stands for."""
    repeated = re.sub(r"\{(\d+)\*([^}]+)\}", lambda match: int(match[1]) * match[2], text)
    return repeated.encode("latin-1").decode("unicode_escape").encode("latin-1")


def version_number(version: str) -> tuple[int, ...]:
    """1.6.45 as (1, 6, 45), for comparison."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def hold(conversation: Conversation, address: Address) -> None:
    """Speaks to the server; AssertionError names the file, the line, what was expected and what came."""
    unsent = b""
    with ExitStack() as connections:
        connection = connections.enter_context(Connection(address))
        for step in conversation.steps:
            if step.mark == ">":
                unsent += step.text + b"\r\n"
                continue
            connection.send(unsent)
            unsent = b""
            if step.mark == "reconnect":
                connection.close()
                connection = connections.enter_context(Connection(address))
            else:
                _take(conversation.path, step, connection)
        connection.send(unsent)
        _expect_silence(conversation, connection)


def _take(path: Path, step: Step, connection: Connection) -> None:
    match step.mark:
        case ">>":
            connection.send(step.text)
        case "<closed":
            _expect_end(path, step, connection)
        case _:
            _expect_line(path, step, connection)


def _expect_line(path: Path, step: Step, connection: Connection) -> None:
    try:
        answer = connection.receive_until(b"\r\n")[:-2]
    except TimeoutError as error:
        raise AssertionError(f"{path}:{step.line}: expected {step.text!r}, but {error}") from error
    pattern = b".*".join(re.escape(part) for part in step.text.split(b"{*}"))
    assert re.fullmatch(pattern, answer, re.DOTALL), f"{path}:{step.line}: expected {step.text!r}, received {answer!r}"


def _expect_end(path: Path, step: Step, connection: Connection) -> None:
    rest = connection.receive_all()
    assert not rest, f"{path}:{step.line}: expected the server to close, received {rest!r}"


def _expect_silence(conversation: Conversation, connection: Connection) -> None:
    """Nothing that the file does not expect has been sent: the next answer is the fence's."""
    if connection.is_ended:
        return
    connection.send(b"mg fence Oend\r\n")
    answer = connection.receive_until(b"EN Oend\r\n")
    assert answer == b"EN Oend\r\n", f"{conversation.path}: also received {answer[:-9]!r} at the end"
