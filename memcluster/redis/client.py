"""A connection to a Redis server, ours or another's, for orders and questions: blocking, each answer within a limit.

It asks in RESP2, which every server speaks. No data of users passes here.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from memcluster.cluster.address import connect
from memcluster.cluster.information import AUTH_VARIABLE
from memcluster.errors import ServerError
from memcluster.redis import resp

if TYPE_CHECKING:
    import socket
    from types import TracebackType

    from memcluster.redis.resp import Reply, Word

TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True)
class Login:
    """Who asks. The password is in no text that is shown."""

    user: str | None = None
    password: str | None = None

    @classmethod
    def from_environment(cls, user: str | None = None, variable: str = AUTH_VARIABLE) -> Self:
        """The password of the environment, if there is one."""
        return cls(user, os.environ.get(variable) or None)

    def __repr__(self) -> str:
        return f"Login({self.user!r}, {'set' if self.password else None})"


NOBODY = Login()


class Client:
    """A context manager: connected on entering, closed at the end of the block. ServerError names server and question.

    with Client("127.0.0.1:6379") as client:
        client.ask("PING")
    """

    def __init__(self, address: str, login: Login = NOBODY, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.address = address
        self.timeout_seconds = timeout_seconds
        self._login = login
        self._received = bytearray()
        self._stream: socket.socket | None = None

    def ask(self, *words: Word, timeout_seconds: float | None = None) -> Reply:
        """The answer; ServerError if the server refuses or is silent for too long."""
        reply = self.try_to_ask(*words, timeout_seconds=timeout_seconds)
        if isinstance(reply, resp.Refusal):
            raise ServerError(f"{self.address} answered {words[0]!s}: {reply.text}")
        return reply

    def try_to_ask(self, *words: Word, timeout_seconds: float | None = None) -> Reply:
        """The same; a refusal is an answer."""
        limit = self.timeout_seconds if timeout_seconds is None else timeout_seconds
        deadline = time.monotonic() + limit
        assert self._stream is not None, "a client is used inside its block"
        try:
            self._stream.settimeout(limit)
            self._stream.sendall(resp.encode(*words))
            return self._receive(deadline)
        except TimeoutError:
            raise ServerError(f"{self.address} did not answer {words[0]!s} in {limit:g} s: is it overloaded?") from None
        except (OSError, resp.MalformedReplyError) as error:
            raise ServerError(f"{self.address}: {words[0]!s}: {error}") from None

    def info(self, section: str = "replication") -> dict[str, str]:
        """What INFO says of this section."""
        lines = resp.text(self.ask("INFO", section)).splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line and not line.startswith("#"))

    def _receive(self, deadline: float) -> Reply:
        while (found := resp.read(self._received)) is None:
            self._wait_for_more(deadline)
        reply, end = found
        del self._received[:end]
        return reply

    def _wait_for_more(self, deadline: float) -> None:
        assert self._stream is not None
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._stream.settimeout(left)
        part = self._stream.recv(1 << 16)
        if not part:
            raise ConnectionError("the connection was closed before the answer")
        self._received += part
        if len(self._received) > resp.REPLY_BYTES_MAX:
            raise resp.MalformedReplyError(f"an answer of more than {resp.REPLY_BYTES_MAX} bytes")

    def __enter__(self) -> Self:
        try:
            self._stream = connect(self.address, self.timeout_seconds)
        except OSError as error:
            raise ServerError(f"{self.address}: {error.strerror or error}: is a server running there?") from None
        if self._login.password is not None:
            who = [self._login.user] if self._login.user else []
            self.ask("AUTH", *who, self._login.password)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        self._received.clear()
