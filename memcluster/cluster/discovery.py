r"""`config get cluster`: the list of nodes that auto-discovery clients of ElastiCache read, and how a node is told it.

    <version>\n
    <host name>|<ip>|<port> <host name>|<ip>|<port> …\n

The version grows with each change of the list. A node takes it over the wire, as any client could set it.
"""

from __future__ import annotations

from dataclasses import dataclass

from memcluster.cluster.wire import ask, connect
from memcluster.node.discovery import ALONE_VERSION, entry

FIRST_VERSION = ALONE_VERSION + 1
"""Of a cluster's list: each node knew itself alone before."""


@dataclass(frozen=True)
class ClusterConfig:
    """The list and its version."""

    version: int
    addresses: tuple[tuple[str, int], ...]

    @property
    def nodes_line(self) -> str:
        """The second line, without its end."""
        return " ".join(entry(host, port) for host, port in sorted(self.addresses))

    @property
    def payload(self) -> str:
        """What stands between the CONFIG line and the END."""
        return f"{self.version}\n{self.nodes_line}\n"

    @property
    def command(self) -> bytes:
        """What sets it."""
        payload = self.payload.encode()
        return b"config set cluster 0 %d\r\n%b\r\n" % (len(payload), payload)


async def tell(address: str, config: ClusterConfig) -> bool:
    """Sets a server's list; whether it took it."""
    async with await connect(address) as stream:
        return await ask(stream, config.command, b"\r\n") == b"STORED\r\n"
