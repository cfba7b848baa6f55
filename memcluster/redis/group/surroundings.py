"""What a group's loop needs of the world: written over sockets and processes by those who run it, simulated in tests.

A call may fail by an answer that says so; none may wait without a limit, and none raises for what a node does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from memcluster.redis.group.orders import Order, Status
    from memcluster.redis.group.state import NodeConfig

NO_ANSWER = "no answer in time"


class Transport(Protocol):
    """The nodes, through their ports."""

    async def ask(self, nodes: Sequence[NodeConfig], timeout: float) -> Mapping[str, Status]:  # noqa: ASYNC109
        """MEMC.STATUS of all at once: the answers that came in time, by name."""

    async def tell(self, orders: Sequence[tuple[NodeConfig, Order]], timeout: float) -> Mapping[int, str]:  # noqa: ASYNC109
        """Orders to all at once, to one node in their sequence; what went wrong, by place: a refusal, NO_ANSWER, or how
        a connection failed.

        One without an answer may be executed later. A connection that failed is closed, not waited for.
        """


class Processes(Protocol):
    """The nodes' processes, as far as they are this supervisor's own."""

    def running(self, name: str) -> str | None:
        """What names the process that runs now (id and start time, say); None: the last one has certainly ended.

        Of a process that is not ours: a name that never changes. Then nothing is concluded from it.
        """

    def retire(self, name: str) -> None:
        """The group needs this node no longer: it may be stopped."""


class Endpoints(Protocol):
    """The ports that clients know."""

    def point(self, primary: str | None, readers: tuple[str, ...]) -> None:
        """Where they lead from now on, by nodes' names; connections to another primary are closed at once."""


class Alarm(Protocol):
    """Time, and what does not wait for it."""

    def now(self) -> float:
        """Seconds of a clock that only goes forward, and goes on while the machine sleeps if it can."""

    def wall(self) -> float:
        """Unix time, for people."""

    async def wait(self, until: float) -> None:
        """Returns at this time, or earlier if something has happened: a process ended, somebody asked for something."""


@dataclass(frozen=True)
class Surroundings:
    """All of it."""

    transport: Transport
    processes: Processes
    endpoints: Endpoints
    alarm: Alarm
