"""How the verbs that talk to a server find it: --server, or the cluster that runs on this host."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, TypeVar

import click
from pymemcache import Client
from pymemcache.exceptions import MemcacheError

from memcluster.cluster import record
from memcluster.errors import ConfigError, MemclusterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
from contextlib import contextmanager

F = TypeVar("F", bound="Callable[..., Any]")
TIMEOUT_SECONDS = 5.0


def server_options(function: F) -> F:
    """Gives a command --server and --port."""
    function = click.option(
        "--port", type=int, metavar="NUM", help="the cluster whose proxy has this port, if several run"
    )(function)
    return click.option(
        "-s", "--server", metavar="WHERE", help="HOST:PORT, a unix socket, or a process of the cluster: proxy, node-1"
    )(function)


def find_address(server: str | None, port: int | None) -> str:
    """Where the server is that was meant."""
    if server is None:
        return record.find(port).proxy.address
    if ":" in server or "/" in server:
        return server
    processes = record.find(port).processes
    for process in processes:
        if process.name == server:
            return process.address
    raise ConfigError(f"--server {server}: give HOST:PORT, or one of {', '.join(p.name for p in processes)}")


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """A client of this server; what goes wrong is said in one line."""
    client = Client(address, connect_timeout=TIMEOUT_SECONDS, timeout=TIMEOUT_SECONDS, no_delay=True)
    try:
        yield client
    except (OSError, socket.gaierror) as error:
        raise MemclusterError(f"{address}: {error}: is a server running there?") from None
    except MemcacheError as error:
        said = error.args[0] if error.args else type(error).__name__
        text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        raise MemclusterError(f"{address} answered: {text}") from None
    finally:
        client.close()
