"""What memcached nodes and Redis-mode nodes are alike in as objects: where they listen, and how they begin and end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

if TYPE_CHECKING:
    from types import TracebackType

STOP_TIMEOUT_SECONDS = 5.0


class Engine(Protocol):
    """What serves, in Rust."""

    @property
    def addresses(self) -> list[str]:
        """Where it listens."""

    def failure(self) -> str | None:
        """Why it ended by itself."""

    def stopped_fd(self) -> int:
        """Readable once it has."""


E = TypeVar("E", bound=Engine)


class Embedded(Generic[E]):
    """A server inside this process: sockets are bound when it is made, and served from start to stop."""

    _engine: E

    @property
    def addresses(self) -> list[str]:
        """Where it listens: `host:port`, with the ports it got, then the unix socket's path."""
        return self._engine.addresses

    @property
    def address(self) -> str:
        """The first of its addresses."""
        return self.addresses[0]

    @property
    def host(self) -> str:
        """The first address's host."""
        return self.address.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The first address's port; 0 where there is a unix socket only."""
        port = self.address.rpartition(":")[2]
        return int(port) if port.isdecimal() and not self.address.startswith("/") else 0

    @property
    def failure(self) -> str | None:
        """Why it ended by itself, if it did."""
        return self._engine.failure()

    def stopped_fd(self) -> int:
        """A descriptor that becomes readable when it ended by itself: a client's `shutdown`, or a failure."""
        return self._engine.stopped_fd()

    def start(self) -> None:
        """Begins to serve."""
        raise NotImplementedError

    def stop(self, timeout_seconds: float = STOP_TIMEOUT_SECONDS) -> None:
        """Accepts no more, lets what is begun end, closes the rest when time is up."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
