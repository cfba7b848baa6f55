"""One cache server as the settings name it: where it listens, what it weighs, what rings call it, where it stands.

Knows no pool and no placement.
"""

from __future__ import annotations

import msgspec

from memcluster.errors import ConfigError

DEFAULT_PORT = 11211
WEIGHT_MAX = 10_000


class Server(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A server: `host` and `port`, or `host` is the absolute path of a unix socket and `port` is 0."""

    host: str
    port: int = DEFAULT_PORT
    weight: int = 1
    name: str | None = None
    zone: str | None = None

    @property
    def is_unix(self) -> bool:
        """Whether it listens on a unix socket."""
        return self.host.startswith("/")

    @property
    def address(self) -> str:
        """Where to connect: `host:port`, `[v6]:port` or a path."""
        if self.is_unix:
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def label(self) -> str:
        """What people, logs and statistics call it: its name, or else its address."""
        return self.name or self.address

    @property
    def short_name(self) -> str:
        """What libmemcached and its heirs put into rings: port 11211 is left out."""
        if self.name is not None:
            return self.name
        return self.host if self.is_unix or self.port == DEFAULT_PORT else f"{self.host}:{self.port}"


def parse(text: str) -> Server:
    """Reads twemproxy's form: `HOST[:PORT[:WEIGHT]] [NAME]`, `[V6]:PORT[:WEIGHT] [NAME]` or `/PATH[:WEIGHT] [NAME]`."""
    place, _, name = text.strip().partition(" ")
    host, numbers = _split(place)
    limit = 1 if host.startswith("/") else 2
    if not host or len(numbers) > limit:
        raise ConfigError(f"server {text!r}: write HOST:PORT, HOST:PORT:WEIGHT or /PATH:WEIGHT, then optionally a name")
    fields = [_number(text, number) for number in numbers]
    port = 0 if limit == 1 else (fields.pop(0) if fields else DEFAULT_PORT)
    server = Server(host, port, fields[0] if fields else 1, name.strip() or None)
    check(server, repr(text))
    return server


def check(server: Server, where: str) -> None:
    """Refuses numbers out of range, naming them."""
    if not server.is_unix and not 1 <= server.port <= 65535:
        raise ConfigError(f"server {where}: port {server.port} is not between 1 and 65535")
    if not 1 <= server.weight <= WEIGHT_MAX:
        raise ConfigError(f"server {where}: weight {server.weight} is not between 1 and {WEIGHT_MAX}")


def _split(place: str) -> tuple[str, list[str]]:
    if place.startswith("["):
        host, _, rest = place[1:].partition("]")
        return host, rest.removeprefix(":").split(":") if rest else []
    host, *numbers = place.split(":")
    return host, numbers


def _number(text: str, number: str) -> int:
    if not number.isascii() or not number.isdigit():
        raise ConfigError(f"server {text!r}: {number!r} is not a number (an IPv6 address stands in brackets)")
    return int(number)
