"""What memcached's -l may say, made into addresses that can be bound."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING

from memcluster.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

PREFIX = re.compile(r"(proto\[(?P<protocol>\w*)\]|tag\[\w*\]|tag_\w*_|(?P<tls>notls|btls|mtls)):")
ANY = {"*": "0.0.0.0", "": "0.0.0.0"}  # noqa: S104 (asked for by name)


def resolve(listen: Iterable[str], port: int) -> list[str]:
    """`HOST`, `HOST:PORT`, `[V6]:PORT` become `IP:PORT`, one for each address of the host, without repetition."""
    found: dict[str, None] = {}
    for text in listen:
        host, own_port = split(strip_prefixes(text), text)
        there = port if own_port is None else own_port
        for address in look_up(ANY.get(host, host), text):
            found[f"[{address}]:{there}" if ":" in address else f"{address}:{there}"] = None
    return list(found)


def strip_prefixes(text: str) -> str:
    """Takes memcached's `proto[..]:`, `tag[..]:` and `notls:` away, or says why it cannot be served."""
    while match := PREFIX.match(text):
        if match["protocol"] not in (None, "ascii", "auto", "negotiating"):
            raise ConfigError(f"-l {text}: the {match['protocol']} protocol is not served: use proto[ascii]")
        if match["tls"] in ("btls", "mtls"):
            raise ConfigError(f"-l {text}: TLS is not served: use notls, or a tunnel before this port")
        text = text[match.end() :]
    return text


def split(text: str, whole: str) -> tuple[str, int | None]:
    """Host and port."""
    match = re.fullmatch(
        r"\[(?P<six>[^\]]+)\](?::(?P<a>\d+))?|(?P<host>[^:]*)(?::(?P<b>\d+))?|(?P<bare>.*:.*:.*)", text
    )
    if not match:
        raise ConfigError(f"-l {whole}: write HOST, HOST:PORT or [IPV6]:PORT, comma separated")
    port = match["a"] or match["b"]
    if port and int(port) > 65535:
        raise ConfigError(f"-l {whole}: port {port} is above 65535")
    return match["six"] or match["bare"] or match["host"] or "", int(port) if port else None


def advice(error: Exception, *, port: str, address: str, unix_socket: str) -> str:
    """What to do about `cannot listen on WHERE: WHY`; the options by which such a place is given."""
    where, _, why = str(error).lower().partition(": ")
    option = unix_socket if "/" in where else port
    if "in use" in why:
        return f": another server has it; stop that, or give another with {option}"
    if "permission" in why:
        whose = "that folder is not yours" if option == unix_socket else "ports below 1024 are root's"
        return f": {whose}; give another with {option}"
    if "cannot assign" in why:
        return f": that address is not one of this host's; give another with {address}"
    if "no such file" in why:
        return f": make the socket's folder first, or name another with {unix_socket}"
    return ""


def look_up(host: str, whole: str) -> list[str]:
    """The host's addresses."""
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    except OSError:
        pass
    else:
        return [host]
    try:
        rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ConfigError(
            f"-l {whole}: no address of {host!r} is known ({error}): name an address of this host"
        ) from None
    return list(dict.fromkeys(str(row[4][0]) for row in rows))
