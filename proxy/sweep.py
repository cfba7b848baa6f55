"""Deletes from a node the keys that are not its own: what it held for a node that was out and is back.

If they stayed, they would be what clients read should that node go out again: older than what it holds now. Keys are
read with `lru_crawler metadump hash` and deleted on a second connection; values never come here. (`metadump all`
walks the LRU lists and misses items that change lists meanwhile, which fresh ones do.)
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

import trio

from memcluster.cluster.wire import connect
from memcluster.proxy.transport import Refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

DUMP = b"lru_crawler metadump hash\r\n"
CHUNK_BYTES = 1 << 16
SILENCE_SECONDS = 10.0
"""A dump may take long, but not say nothing for so long."""
BUSY_PAUSE_SECONDS = 0.5


async def sweep(address: str, is_stray: Callable[[bytes], bool]) -> int:
    """Deletes all keys for which `is_stray`; how many they were. Refused says that the node does not tell its keys."""
    count = 0
    async with await connect(address) as dump, await connect(address) as deletions:
        async for keys in _keys(dump):
            strays = [key for key in keys if is_stray(key)]
            count += len(strays)
            if strays:
                await deletions.send_all(b"".join(map(deletion, strays)))
        await _acknowledged(deletions)
    return count


def deletion(key: bytes) -> bytes:
    """The request that deletes a key silently, whatever bytes it is made of."""
    if all(byte > 0x20 and byte != 0x7F for byte in key):
        return b"delete %s noreply\r\n" % key
    return b"md %s b q\r\n" % base64.b64encode(key)


def keys_of(lines: Iterable[bytes]) -> list[bytes]:
    """The keys in lines of a dump: `key=foo%20bar exp=-1 …`."""
    return [unquote_to_bytes(line[4:].split(b" ", 1)[0]) for line in lines if line.startswith(b"key=")]


async def _keys(stream: trio.SocketStream) -> AsyncIterator[list[bytes]]:
    await stream.send_all(DUMP)
    unfinished = b""
    while True:
        *lines, unfinished = (unfinished + await _receive(stream)).split(b"\n")
        for line in lines:
            if line.startswith(b"BUSY"):
                await trio.sleep(BUSY_PAUSE_SECONDS)
                await stream.send_all(DUMP)
            elif line.startswith((b"ERROR", b"CLIENT_ERROR", b"SERVER_ERROR")):
                raise Refused(f"answered {line.decode(errors='replace').strip()!r} to {DUMP.decode().strip()}")
        yield keys_of(lines)
        if lines and lines[-1].startswith(b"END"):
            return


async def _acknowledged(stream: trio.SocketStream) -> None:
    """Waits until everything sent has been done; what is said about single keys does not matter."""
    await stream.send_all(b"version\r\n")
    tail = b""
    while b"VERSION " not in tail:
        tail = tail[-16:] + await _receive(stream)


async def _receive(stream: trio.SocketStream) -> bytes:
    with trio.fail_after(SILENCE_SECONDS):
        received = await stream.receive_some(CHUNK_BYTES)
    if not received:
        raise trio.BrokenResourceError("closed the connection")
    return bytes(received)
