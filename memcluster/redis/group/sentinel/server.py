"""The Sentinel port: connections, and the messages that subscribers are told."""

from __future__ import annotations

import itertools
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import trio

from memcluster.redis.group.sentinel import commands
from memcluster.redis.group.sentinel.news import news
from memcluster.redis.group.sentinel.picture import Picture
from memcluster.redis.group.sentinel.session import Session
from memcluster.redis.group.sentinel.wire import BadRequestError, take_request, written
from memcluster.redis.resp import Refusal

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

CLIENTS_MAX = 1000
MESSAGES_MAX = 1024
"""Answers and messages that may wait for a client that reads slowly; with one more it is cut."""
BACKLOG = 128


@dataclass(eq=False)
class _Client:
    """A session and what waits to be sent to it."""

    session: Session
    send: trio.MemorySendChannel[bytes]
    scope: trio.CancelScope

    def tell(self, text: bytes) -> None:
        """Queues bytes; one that reads too slowly is cut, and connects again if it still cares."""
        try:
            self.send.send_nowait(text)
        except trio.WouldBlock:
            self.scope.cancel()
        except trio.BrokenResourceError:
            pass


@dataclass
class Sentinel:
    """Answers for one group. `fail_over` begins a failover and says why not, if it cannot."""

    name: str
    fail_over: Callable[[], str | None]
    my_id: str = field(default_factory=lambda: secrets.token_hex(20))
    picture: Picture = field(init=False)
    _clients: set[_Client] = field(default_factory=set, init=False)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1), init=False)

    def __post_init__(self) -> None:
        self.picture = Picture(self.name)

    def show(self, picture: Picture) -> None:
        """The group has changed: answers follow, and subscribers are told."""
        before, self.picture = self.picture, picture
        for channel, text in news(before, picture):
            for client in list(self._clients):
                for push in client.session.hears(channel, text):
                    client.tell(written(push, client.session.protocol))

    async def serve(
        self, listening: socket.socket, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Answers on this bound socket until it is cancelled."""
        listening.listen(BACKLOG)
        listener = trio.SocketListener(trio.socket.from_stdlib_socket(listening))
        task_status.started()
        await trio.serve_listeners(self._serve_client, [listener])

    async def _serve_client(self, stream: trio.SocketStream) -> None:
        async with stream:
            if len(self._clients) >= CLIENTS_MAX:
                return
            send, waiting = trio.open_memory_channel[bytes](MESSAGES_MAX)
            with trio.CancelScope() as scope:
                client = _Client(Session(next(self._numbers)), send, scope)
                self._clients.add(client)
                try:
                    async with trio.open_nursery() as nursery:
                        nursery.start_soon(_write, stream, waiting, scope)
                        await self._read(stream, client)
                        send.close()
                finally:
                    self._clients.discard(client)

    async def _read(self, stream: trio.SocketStream, client: _Client) -> None:
        received = bytearray()
        with suppress(trio.BrokenResourceError):
            while not client.session.is_over and (part := await stream.receive_some(1 << 14)):
                received += part
                try:
                    self._answer(received, client)
                except BadRequestError as error:
                    client.tell(written(Refusal(f"ERR Protocol error: {error}"), client.session.protocol))
                    return

    def _answer(self, received: bytearray, client: _Client) -> None:
        while not client.session.is_over and (words := take_request(received)) is not None:
            if words:
                said = commands.answers(words, client.session, self)
                client.tell(b"".join(written(answer, client.session.protocol) for answer in said))


async def _write(stream: trio.SocketStream, waiting: trio.MemoryReceiveChannel[bytes], scope: trio.CancelScope) -> None:
    """Sends what waits, in order; ends when there will be no more, or when nobody takes it."""
    try:
        async for text in waiting:
            await stream.send_all(text)
    except trio.BrokenResourceError:
        scope.cancel()
