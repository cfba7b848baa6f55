"""What the supervisor's and top's tasks ask of a server over the wire."""

from __future__ import annotations

import time

import trio

from memcluster.cluster import information
from memcluster.cluster.address import is_path, split
from memcluster.cluster.rates import Look

REPLY_BYTES_MAX = 1 << 20


async def connect(address: str) -> trio.SocketStream:
    """A connection to an address as `address` reads it."""
    if is_path(address):
        return await trio.open_unix_socket(address)
    return await trio.open_tcp_stream(*split(address))


async def ask(stream: trio.abc.Stream, command: bytes, end: bytes) -> bytes:
    """Sends a command and reads until `end`, or what there is until the server closes."""
    await stream.send_all(command)
    reply = b""
    while not reply.endswith(end) and len(reply) < REPLY_BYTES_MAX:
        part = await stream.receive_some()
        if not part:
            break
        reply += part
    return reply


async def look(address: str, timeout_seconds: float) -> Look:
    """A node's counters, and how long it takes for the least it can be asked."""
    with trio.move_on_after(timeout_seconds):
        try:
            async with await connect(address) as stream:
                before = time.perf_counter()
                said = await ask(stream, b"version\r\n", b"\r\n")
                latency_ms = (time.perf_counter() - before) * 1000
                if information.is_redis(said):
                    return Look(time.perf_counter(), latency_ms, await look_at_redis(stream))
                counters = parse_stats(await ask(stream, b"stats\r\n", b"END\r\n"))
                return Look(time.perf_counter(), latency_ms, counters or None)
        except (OSError, trio.BrokenResourceError):
            pass
    return Look(time.perf_counter(), 0.0, None)


async def look_at_redis(stream: trio.abc.Stream) -> dict[str, float]:
    """The same counters of a Redis-mode node."""
    asked, lines = information.question()
    await stream.send_all(asked)
    received = reply = b""
    while (size := information.size_of(reply)) is None or len(reply) < min(size, REPLY_BYTES_MAX):
        part = await stream.receive_some()
        if not part:
            break
        received += part
        reply = information.behind(received, lines)
    return information.counters(information.parse(reply))


def parse_stats(reply: bytes) -> dict[str, float]:
    """`STAT name value` lines whose value is a number."""
    counters: dict[str, float] = {}
    for line in reply.decode(errors="replace").splitlines():
        words = line.split()
        if len(words) == 3 and words[0] == "STAT":
            try:
                counters[words[1]] = float(words[2])
            except ValueError:
                continue
    return counters
