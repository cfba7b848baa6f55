"""How probes reach a node: one short connection a question, every wait bounded by the caller.

Simulations put their own Transport in this one's place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from memcluster.cluster.wire import connect

if TYPE_CHECKING:
    from collections.abc import Callable

REPLY_BYTES_MAX = 4096


class Refused(Exception):  # noqa: N818 (what the node did, not an error of ours)
    """The node answered, but not what was wanted."""


class Transport(Protocol):
    """What health needs of the network. OSError, trio.BrokenResourceError or Refused say that it did not work."""

    async def version(self, address: str) -> None:
        """Asks a node for its version."""

    async def flush(self, address: str) -> None:
        """Has a node invalidate all it holds, acknowledged."""

    async def sweep(self, address: str, is_stray: Callable[[bytes], bool]) -> int:
        """Has a node delete the keys for which `is_stray`; how many they were."""


class Network:
    """The real one."""

    async def version(self, address: str) -> None:
        """Asks a node for its version."""
        await _ask(address, b"version\r\n", b"VERSION ")

    async def flush(self, address: str) -> None:
        """Has a node invalidate all it holds, acknowledged."""
        await _ask(address, b"flush_all\r\n", b"OK\r\n")

    async def sweep(self, address: str, is_stray: Callable[[bytes], bool]) -> int:
        """Has a node delete the keys for which `is_stray`; how many they were."""
        from memcluster.proxy.sweep import sweep  # only where nodes are ejected

        return await sweep(address, is_stray)


async def _ask(address: str, command: bytes, wanted: bytes) -> None:
    async with await connect(address) as stream:
        await stream.send_all(command)
        reply = b""
        while b"\n" not in reply and len(reply) < REPLY_BYTES_MAX:
            received = await stream.receive_some(REPLY_BYTES_MAX)
            if not received:
                raise Refused(f"closed the connection after {reply!r}")
            reply += received
    if not reply.startswith(wanted):
        line = reply.splitlines()[0].decode(errors="replace")
        raise Refused(f"answered {line!r} to {command.decode().strip()}")
