"""How the verbs that talk to a server find it: --server, or the cluster that runs on this host."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click
from pymemcache import Client
from pymemcache.exceptions import MemcacheError, MemcacheUnexpectedCloseError, MemcacheUnknownError

from memcluster.cluster import record
from memcluster.cluster.address import is_path, split
from memcluster.errors import ConfigError, MemclusterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

F = TypeVar("F", bound="Callable[..., Any]")
TIMEOUT_SECONDS = 5.0
KEY_BYTES_MAX = 250


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
        return record.find(port, record.OR_SERVER).proxy.address
    if is_path(server):
        return server
    if ":" in server:
        split(server)
        return server
    processes = record.find(port, record.OR_SERVER).processes
    for process in processes:
        if process.name == server:
            return process.address
    raise ConfigError(f"--server {server}: give HOST:PORT, or one of {', '.join(p.name for p in processes)}")


def as_key(text: str) -> bytes:
    """The bytes of a key of the command line, whatever its encoding; ConfigError if memcached takes no such key."""
    key = os.fsencode(text)
    if not 1 <= len(key) <= KEY_BYTES_MAX or key.split() != [key]:
        raise ConfigError(f"{text!r} is no key: a key has 1 to {KEY_BYTES_MAX} bytes and no white space")
    return key


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """A client of this server; what goes wrong is said in one line."""
    client = Client(address, connect_timeout=TIMEOUT_SECONDS, timeout=TIMEOUT_SECONDS, no_delay=True)
    try:
        yield client
    except OSError as error:
        raise MemclusterError(f"{address}: {error.strerror or error}: is a server running there?") from None
    except MemcacheUnexpectedCloseError:
        said = f"{address} closed the connection without an answer: is that a memcached server?"
        raise MemclusterError(said) from None
    except MemcacheError as error:
        said = error.args[0] if error.args else type(error).__name__
        text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        hint = ": is that a memcached server?" if isinstance(error, MemcacheUnknownError) else ""
        raise MemclusterError(f"{address} answered: {text}{hint}") from None
    finally:
        client.close()
