"""Where a server is, as people and records write it: `host:port`, `[::1]:port`, or a unix socket's path."""

from __future__ import annotations

import socket

from memcluster.errors import ServerError

PORT_MAX = 65535


def split(address: str) -> tuple[str, int]:
    """Host and port; ServerError if it is no such address."""
    host, _, port = address.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > PORT_MAX:
        raise ServerError(f"{address!r} is no address: write HOST:PORT, such as 127.0.0.1:6379")
    return host.strip("[]"), int(port)


def is_path(address: str) -> bool:
    """Whether it is a unix socket's."""
    return address.startswith("/")


def connect(address: str, timeout_seconds: float) -> socket.socket:
    """A stream to it, blocking; OSError if nobody is there."""
    if is_path(address):
        stream = socket.socket(socket.AF_UNIX)
        stream.settimeout(timeout_seconds)
        stream.connect(address)
        return stream
    return socket.create_connection(split(address), timeout_seconds)
