"""The nodes of a group through their ports: one connection each, kept while it works, every answer within a limit.

A connection on which an answer is late is closed: what comes on it later would answer an older question. Nothing here
reads or writes users' data.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
import trio

from memcluster.redis import resp
from memcluster.redis.group.orders import described
from memcluster.redis.group.surroundings import NO_ANSWER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from memcluster.redis.client import Login
    from memcluster.redis.group.orders import Order, Status
    from memcluster.redis.group.state import NodeConfig
    from memcluster.redis.resp import Reply, Word

log = logging.getLogger(__name__)


class NoAnswerError(Exception):
    """A node that cannot be reached, does not answer in time, or answers what is no answer."""


@dataclass
class _Port:
    """One node's port. Who asks takes turns."""

    host: str
    port: int
    login: Login
    _stream: trio.SocketStream | None = None
    _received: bytearray = field(default_factory=bytearray)
    _turn: trio.Lock = field(default_factory=trio.Lock)

    async def ask(self, *words: Word) -> Reply:
        """The answer, a refusal being one. Cancelled or failed, the connection ends with it."""
        async with self._turn:
            try:
                if self._stream is None:
                    await self._connect()
                return await self._exchange(words)
            except (OSError, trio.BrokenResourceError, trio.ClosedResourceError, resp.MalformedReplyError) as error:
                self.close()
                raise NoAnswerError(str(error.__cause__ or error) or "the connection was lost") from None
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """The next question is asked on a new connection."""
        if self._stream is not None:
            self._stream.socket.close()
            self._stream = None
        self._received.clear()

    async def _connect(self) -> None:
        self._stream = await trio.open_tcp_stream(self.host, self.port)
        if self.login.password is not None:
            user = [self.login.user] if self.login.user else []
            reply = await self._exchange(("AUTH", *user, self.login.password))
            if isinstance(reply, resp.Refusal):
                raise NoAnswerError(f"it does not let us in: {reply.text}")

    async def _exchange(self, words: Sequence[Word]) -> Reply:
        assert self._stream is not None
        await self._stream.send_all(resp.encode(*words))
        while (found := resp.read(self._received)) is None:
            part = await self._stream.receive_some()
            if not part:
                raise NoAnswerError("it closed the connection")
            self._received += part
        reply, end = found
        del self._received[:end]
        return reply


class NodePorts:
    """The `Transport` of a group's loop."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._ports: dict[str, _Port] = {}

    async def ask(self, nodes: Sequence[NodeConfig], timeout: float) -> Mapping[str, Status]:  # noqa: ASYNC109
        """MEMC.STATUS of all at once: the answers that came in time, by name."""
        answers: dict[str, Status] = {}

        async def one(node: NodeConfig) -> None:
            try:
                answers[node.name] = described(await self._port(node).ask("MEMC.STATUS"))
            except (NoAnswerError, resp.MalformedReplyError, msgspec.ValidationError) as error:
                log.debug("%s says nothing of itself: %s", node.name, error)

        with trio.move_on_after(timeout):
            async with trio.open_nursery() as nursery:
                for node in nodes:
                    nursery.start_soon(one, node)
        return answers

    async def tell(self, orders: Sequence[tuple[NodeConfig, Order]], timeout: float) -> Mapping[int, str]:  # noqa: ASYNC109
        """Orders to all at once, to one node in their sequence; what went wrong, by place."""
        wrong = dict.fromkeys(range(len(orders)), NO_ANSWER)
        of_node: dict[str, list[int]] = {}
        for place, (node, _) in enumerate(orders):
            of_node.setdefault(node.name, []).append(place)

        async def one(places: list[int]) -> None:
            for place in places:
                node, order = orders[place]
                try:
                    reply = await self._port(node).ask(*order.words)
                except NoAnswerError as error:
                    wrong.update(dict.fromkeys(places[places.index(place) :], str(error)))
                    return
                if isinstance(reply, resp.Refusal):
                    wrong[place] = reply.text
                else:
                    del wrong[place]

        with trio.move_on_after(timeout):
            async with trio.open_nursery() as nursery:
                for places in of_node.values():
                    nursery.start_soon(one, places)
        return wrong

    def close(self) -> None:
        """Ends all connections."""
        for port in self._ports.values():
            port.close()
        self._ports.clear()

    def _port(self, node: NodeConfig) -> _Port:
        known = self._ports.get(node.name)
        if known is None or (known.host, known.port) != (node.host, node.port):
            if known is not None:
                known.close()
            known = self._ports[node.name] = _Port(node.host, node.port, self._login)
        return known
