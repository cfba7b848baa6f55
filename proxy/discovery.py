"""What `config get cluster` answers on a proxy: whom clients that discover their nodes shall talk to.

The proxy lists itself as the one node, so that such clients keep going through it; or, if told to, the nodes.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from memcluster.proxy.server import DEFAULT_PORT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from memcluster.proxy.pools import Document

WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 (recognised, not bound)


def nodes_line(document: Document, addresses: Sequence[str]) -> str:
    """`host|ip|port` for each node, separated by spaces, sorted by host as ElastiCache has them."""
    if document.proxy.cluster_config == "nodes":
        members = {member.address: member for pool in document.pool for member in pool.members if not member.is_unix}
        return " ".join(sorted(_entry(member.host, member.port) for member in members.values()))
    return _entry(*_own_address(document.proxy.advertise, addresses))


def _own_address(advertise: str | None, addresses: Iterable[str]) -> tuple[str, int]:
    served = next((address for address in addresses if not address.startswith("/")), f"127.0.0.1:{DEFAULT_PORT}")
    host, _, port = served.rpartition(":")
    if advertise is not None:
        host, _, own_port = advertise.rpartition(":") if ":" in advertise else (advertise, "", "")
        port = own_port or port
    host = host.strip("[]")
    return socket.gethostname() if host in WILDCARDS else host, int(port)


def _entry(host: str, port: int) -> str:
    """An address that cannot be looked up leaves the middle empty; both bars stay."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0]
    except OSError:
        found = ""
    return f"{host}|{found}|{port}"
