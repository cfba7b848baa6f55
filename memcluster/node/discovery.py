"""What `config get cluster` answers on a node that nobody told of others: that it is a cluster of one.

Clients with ElastiCache's auto discovery wait for a list and never give up on one that does not come.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ALONE_VERSION = 1
"""The list of a cluster that the node is told of later has a higher one."""
WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 (recognised, not bound)


def alone(addresses: Iterable[str]) -> str | None:
    """`host|ip|port` of the first TCP address, None if there is none."""
    for address in addresses:
        host, found, port = address.rpartition(":")
        if found and not address.startswith("/"):
            return entry(host.strip("[]"), int(port))
    return None


def entry(host: str, port: int) -> str:
    """A wildcard is called by this host's name. An address that is not known stays empty, both bars stay."""
    if host not in WILDCARDS:
        return f"{host}|{host}|{port}"
    name = socket.gethostname()
    try:
        ip = str(socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)[0][4][0])
    except OSError:
        ip = ""
    return f"{name}|{ip}|{port}"
