r"""`config get cluster`: the list of nodes that auto-discovery clients of ElastiCache read, and how a node is told it.

    <version>\n
    <host name>|<ip>|<port> <host name>|<ip>|<port> …\n

The version grows with each change of the list. A node takes it over the wire, as any client could set it.
"""

from __future__ import annotations

from dataclasses import dataclass

import trio

REPLY_BYTES_MAX = 4096


@dataclass(frozen=True)
class ClusterConfig:
    """The list and its version."""

    version: int
    addresses: tuple[tuple[str, int], ...]

    @property
    def payload(self) -> str:
        """What stands between the CONFIG line and the END."""
        nodes = " ".join(f"{host}|{host}|{port}" for host, port in sorted(self.addresses))
        return f"{self.version}\n{nodes}\n"

    @property
    def command(self) -> bytes:
        """What sets it."""
        payload = self.payload.encode()
        return b"config set cluster 0 %d\r\n%b\r\n" % (len(payload), payload)


async def tell(host: str, port: int, config: ClusterConfig) -> bool:
    """Sets a server's list; whether it took it."""
    async with await trio.open_tcp_stream(host, port) as stream:
        await stream.send_all(config.command)
        reply = b""
        while not reply.endswith(b"\n") and len(reply) < REPLY_BYTES_MAX:
            part = await stream.receive_some()
            if not part:
                break
            reply += part
    return reply == b"STORED\r\n"
