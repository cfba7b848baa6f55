"""The control channel: verbs of the command line ask the supervisor that runs, over a unix socket beside its record.

    request    {"ask": NAME, "with": {…}}                     one line of JSON
    answers    {"say": …} as often as there is something to say, then {"done": true} or {"error": TEXT}

What can be asked is a table of `Request` rows, made by those who answer and handed to `serve`; this file knows none of
them. The socket is its owner's alone (mode 0600). `ask` is the other side, blocking, for verbs.
"""

from __future__ import annotations

import json
import logging
import os
import socket
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
import trio

from memcluster.errors import MemclusterError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
    from pathlib import Path

LINE_BYTES_MAX = 1 << 20
ASKING_SECONDS_MAX = 5.0
"""How long who connects may take until it has asked, and how long the supervisor may take to be reached."""
ASKERS_MAX = 64
BACKLOG = 16

P = TypeVar("P", bound=msgspec.Struct)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request(Generic[P]):
    """Something that can be asked. `run` yields what there is to say; a MemclusterError is an answer, too."""

    name: str
    parameters: type[P]
    run: Callable[[P], AsyncGenerator[Any, None]]


# --- answering


async def serve(
    path: Path, requests: Iterable[Request[Any]], *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Answers until it is cancelled; the file goes then."""
    rows = {request.name: request for request in requests}
    limiter = trio.CapacityLimiter(ASKERS_MAX)

    async def answer(stream: trio.SocketStream) -> None:
        async with limiter, stream:
            await _answer(stream, rows)

    with _listening(path) as listening:
        task_status.started()
        await trio.serve_listeners(answer, [trio.SocketListener(trio.socket.from_stdlib_socket(listening))])


async def _answer(stream: trio.SocketStream, rows: dict[str, Request[Any]]) -> None:
    try:
        line = b""
        with trio.move_on_after(ASKING_SECONDS_MAX):
            line = await _line(stream)
        request, parameters = _understand(line, rows)
    except MemclusterError as error:
        await _say(stream, {"error": str(error)})
        return
    except trio.BrokenResourceError:
        return
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_watch_for_end, stream, nursery.cancel_scope)
        await _run(stream, request, parameters)
        nursery.cancel_scope.cancel()


async def _run(stream: trio.SocketStream, request: Request[Any], parameters: msgspec.Struct) -> None:
    try:
        async with aclosing(request.run(parameters)) as answers:
            async for said in answers:
                await stream.send_all(msgspec.json.encode({"say": said}) + b"\n")
        await _say(stream, {"done": True})
    except MemclusterError as error:
        await _say(stream, {"error": str(error)})
    except trio.BrokenResourceError:
        log.debug("%s: who asked has gone", request.name)
    except Exception as error:
        # What an operator asks for must not end the cluster.
        log.exception("%s failed", request.name)
        await _say(stream, {"error": f"{request.name} failed in the supervisor: {error!r}; see its log"})


async def _watch_for_end(stream: trio.SocketStream, scope: trio.CancelScope) -> None:
    """Ends what was asked for when who asked goes away."""
    try:
        while await stream.receive_some(1024):
            pass
    except trio.BrokenResourceError:
        pass
    scope.cancel()


async def _say(stream: trio.SocketStream, answer: dict[str, Any]) -> None:
    try:
        await stream.send_all(msgspec.json.encode(answer) + b"\n")
    except trio.BrokenResourceError:
        log.debug("who asked has gone")


async def _line(stream: trio.SocketStream) -> bytes:
    received = b""
    while b"\n" not in received:
        part = await stream.receive_some(1 << 16)
        received += part
        if not part or len(received) > LINE_BYTES_MAX:
            break
    return received


def _understand(line: bytes, rows: dict[str, Request[Any]]) -> tuple[Request[Any], msgspec.Struct]:
    try:
        asked = json.loads(line)
        request = rows[asked["ask"]]
        return request, msgspec.convert(asked.get("with", {}), request.parameters)
    except KeyError as error:
        raise MemclusterError(f"{error} cannot be asked: this supervisor answers {', '.join(sorted(rows))}") from None
    except (ValueError, TypeError, AttributeError, msgspec.ValidationError) as error:
        raise MemclusterError(f"no request: {error}") from None


@contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listening, _short(path) as name:
        before = os.umask(0o177)
        try:
            listening.bind(name)
        finally:
            os.umask(before)
        listening.listen(BACKLOG)
        try:
            yield listening
        finally:
            path.unlink(missing_ok=True)


# --- asking


def ask(path: Path, name: str, timeout_seconds: float | None = None, **parameters: Any) -> Iterator[Any]:
    """What the supervisor says, as it says it; MemclusterError is its refusal, or that it does not answer."""
    try:
        with socket.socket(socket.AF_UNIX) as stream, _short(path) as place:
            stream.settimeout(ASKING_SECONDS_MAX)
            stream.connect(place)
            stream.sendall(json.dumps({"ask": name, "with": parameters}).encode() + b"\n")
            stream.settimeout(timeout_seconds)
            with stream.makefile("rb") as lines:
                yield from _answers(lines, name)
    except TimeoutError:
        raise MemclusterError(f"the supervisor has not answered {name} in time: is it stopped or overloaded?") from None
    except OSError as error:
        raise MemclusterError(f"the supervisor cannot be asked ({path}: {error.strerror}): does it run?") from None


def _answers(lines: Iterable[bytes], name: str) -> Iterator[Any]:
    for line in lines:
        answer = json.loads(line)
        if "error" in answer:
            raise MemclusterError(answer["error"])
        if "done" in answer:
            return
        yield answer["say"]
    raise MemclusterError(f"the supervisor ended while it answered {name}")


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """The same place by a name that fits: a socket's may have 107 bytes only."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
