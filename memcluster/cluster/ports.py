"""Ports of this host: reserved before a process gets them, and who holds one that is taken.

A reservation is a bound socket that does not listen. It keeps the kernel from giving the port to anyone who asks for a
free one, while a process that asks for this very port can still listen on it (both set SO_REUSEADDR). So a node that
died gets its port back however long the cluster runs.
"""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from memcluster.cluster.address import PORT_MAX
from memcluster.errors import ConfigError

LISTENING = "0A"
RESERVED: set[tuple[str, int]] = set()
"""What this process holds: the kernel lets it bind a port that does not listen yet a second time."""


@dataclass(frozen=True)
class Reservation:
    """A port that is ours as long as this is open."""

    host: str
    port: int
    socket: socket.socket

    @classmethod
    def take(cls, host: str, port: int, setting: str = "port") -> Self:
        """Reserves a port, or any free one for 0; ConfigError says who has it and what setting gives another."""
        if port > PORT_MAX:
            raise ConfigError(f"port {port} is above {PORT_MAX}: lower {setting}, from which ports are counted")
        try:
            family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        except OSError as error:
            raise ConfigError(
                f"{host!r}: no such address ({error}): give one of this host, such as 127.0.0.1"
            ) from None
        reserved = socket.socket(family, socket.SOCK_STREAM)
        try:
            reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            reserved.bind(address)
        except OSError as error:
            reserved.close()
            raise ConfigError(_why(host, port, setting, error)) from None
        place = (host, int(reserved.getsockname()[1]))
        if place in RESERVED:
            reserved.close()
            raise ConfigError(f"port {port} of {host} is asked for twice: give another {setting}")
        RESERVED.add(place)
        return cls(*place, reserved)

    @classmethod
    def take_near(cls, host: str, port: int) -> Self:
        """Reserves this port, or any other if somebody has it: nobody asked for this one."""
        if not 0 <= port <= PORT_MAX:
            port = 0
        try:
            return cls.take(host, port)
        except ConfigError:
            return cls.take(host, 0)

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        RESERVED.discard((self.host, self.port))
        self.socket.close()


def _why(host: str, port: int, setting: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        who = holder(port)
        return f"port {port} of {host} is in use{f' by {who}' if who else ''}: stop that, or give another {setting}"
    if error.errno == errno.EACCES:
        return f"port {port} of {host} is reserved for root: give one above 1023 as {setting}"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this host: give one that is, such as 127.0.0.1"
    return f"port {port} of {host} cannot be used: {error.strerror}"


def holder(port: int) -> str | None:
    """`NAME (pid N)` of the process that listens on a port, as far as we may see it."""
    inodes = {inode for table in ("tcp", "tcp6") for inode in _listening(Path("/proc/net") / table, port)}
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(link.readlink()) in wanted for link in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()} (pid {process.name})"
        except OSError:
            continue
    return None


def _listening(table: Path, port: int) -> list[str]:
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:
        return []
    fields = [line.split() for line in lines]
    return [row[9] for row in fields if row[3] == LISTENING and int(row[1].rpartition(":")[2], 16) == port]
