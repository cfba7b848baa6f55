"""What a Redis-mode node says about itself: INFO, read into the counters that `top` and `status` know."""

from __future__ import annotations

import os

from memcluster.cluster.address import connect
from memcluster.errors import ServerError

AUTH_VARIABLE = "REDISCLI_AUTH"
"""Where the password is looked for, as redis-cli does: a command line can be seen by everybody on the host."""
QUESTION = b"*2\r\n$4\r\nINFO\r\n$10\r\neverything\r\n"
REPLY_BYTES_MAX = 1 << 20

# Our counters, and the field of INFO that each one is.
FIELDS = {
    "evictions": "evicted_keys",
    "bytes_read": "total_net_input_bytes",
    "bytes_written": "total_net_output_bytes",
    "curr_connections": "connected_clients",
    "bytes": "used_memory",
    "limit_maxbytes": "maxmemory",
    "get_hits": "keyspace_hits",
    "get_misses": "keyspace_misses",
}


def question() -> tuple[bytes, int]:
    """What is sent, and how many lines come before the answer: AUTH goes first if the environment has a password."""
    password = os.fsencode(os.environ.get(AUTH_VARIABLE, ""))
    if not password:
        return QUESTION, 0
    return b"*2\r\n$4\r\nAUTH\r\n$%d\r\n%s\r\n" % (len(password), password) + QUESTION, 1


def behind(reply: bytes, lines: int) -> bytes:
    """What stands behind so many lines, as far as it has come."""
    *_, rest = reply.split(b"\r\n", lines)
    return rest if reply.count(b"\r\n") >= lines else b""


def is_redis(reply: bytes) -> bool:
    """Whether what was answered to memcached's `version` is RESP: an error there, and a line that says so here."""
    return reply.startswith(b"-")


def first_answer(address: str, asked: bytes, timeout_seconds: float) -> bytes:
    """What a server says first, to memcached's `version` or to any command; nothing if it closes the connection."""
    with connect(address, timeout_seconds) as stream:
        stream.sendall(asked)
        return stream.recv(64)


def size_of(reply: bytes) -> int | None:
    """How many bytes the whole reply to the question has; None: not known yet, or no such reply."""
    head, found, _ = reply.partition(b"\r\n")
    if not found:
        return None
    return len(head) + 2 + int(head[1:]) + 2 if head[:1] in b"$=" and head[1:].isdigit() else len(head) + 2


def parse(reply: bytes) -> dict[str, str]:
    """`name:value` lines of the reply."""
    lines = (line.partition(":") for line in reply.decode(errors="replace").splitlines())
    return {name: value for name, colon, value in lines if colon and not name.startswith(("#", "-", "$"))}


def counters(fields: dict[str, str]) -> dict[str, float]:
    """The fields by the names of memcached's counters. Everything that is no look-up of a key counts as a set."""
    found = {ours: float(fields[theirs]) for ours, theirs in FIELDS.items() if _is_number(fields.get(theirs, ""))}
    looks = found.get("get_hits", 0.0) + found.get("get_misses", 0.0)
    commands = fields.get("total_commands_processed", "")
    if _is_number(commands):
        found |= {"cmd_get": looks, "cmd_set": max(float(commands) - looks, 0.0)}
    databases = [value for name, value in fields.items() if name.startswith("db") and value.startswith("keys=")]
    found["curr_items"] = float(sum(int(value[5:].partition(",")[0]) for value in databases))
    return found


def ask(address: str, timeout_seconds: float) -> dict[str, str] | None:
    """What a server says to INFO; None if it is none of Redis's kind.

    OSError: it does not answer. ServerError: it wants a password that it was not given.
    """
    asked, lines = question()
    with connect(address, timeout_seconds) as stream:
        stream.sendall(asked)
        received = reply = b""
        while (size := size_of(reply)) is None or len(reply) < min(size, REPLY_BYTES_MAX):
            part = stream.recv(1 << 16)
            if not part:
                break
            received += part
            reply = behind(received, lines)
    if reply.startswith((b"-NOAUTH", b"-WRONGPASS", b"-NOPERM")):
        said = reply[1:].decode(errors="replace").strip()
        raise ServerError(f"{address} answered INFO: {said}: set {AUTH_VARIABLE} to its password")
    return parse(reply) if reply.startswith((b"$", b"=")) else None


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()
