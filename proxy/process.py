"""The process around a proxy: it serves until a signal, or the loss of its supervisor, ends it."""

from __future__ import annotations

import logging
import os
import signal
from typing import TYPE_CHECKING

import trio

from memcluster.node import daemon, parent
from memcluster.proxy.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from memcluster.proxy.pools import Document

log = logging.getLogger(__name__)


def serve(document: Document, path: Path | None = None) -> None:
    """Runs a proxy until something ends it; with `path` it follows that settings file."""
    daemon.allow_descriptors(connections_most(document))
    trio.run(_serve, document, path, strict_exception_groups=True)


async def _serve(document: Document, path: Path | None) -> None:
    # From here on a signal is an order to end, not an exception wherever it strikes.
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
        async with Proxy(document, path) as proxy, trio.open_nursery() as nursery:
            log.info("listening on %s, %s", ", ".join(proxy.addresses), _servers(document))
            parent.report_ready(proxy.addresses)
            nursery.start_soon(_end_with_parent, nursery.cancel_scope)
            await _until_ended(signals, proxy)
            nursery.cancel_scope.cancel()


async def _until_ended(signals: AsyncIterator[int], proxy: Proxy) -> None:
    async for number in signals:
        if number != signal.SIGHUP:
            log.info("stopping: %s", signal.Signals(number).name)
            return
        proxy.reload("on SIGHUP")


async def _end_with_parent(scope: trio.CancelScope) -> None:
    descriptor = parent.lifeline_fd()
    if descriptor is not None:
        await trio.lowlevel.wait_readable(descriptor)
        log.warning("stopping: the process that started this one is gone")
        scope.cancel()


def connections_most(document: Document) -> int:
    """How many connections it may have at a time: clients', and its own to the nodes."""
    to_nodes = sum(len(pool.servers) * pool.connections_per_node for pool in document.pool)
    return document.proxy.connections_max + to_nodes * document.proxy.threads


def _servers(document: Document) -> str:
    pools = (f"{pool.name} ({len(pool.servers)} servers, {pool.placement})" for pool in document.pool)
    return f"pools {', '.join(pools)}; process {os.getpid()}"
