"""A whole cluster inside this process: nodes and a proxy before them, without a child process.

For tests and for applications that want a cache of their own. The proxy's decisions (health, reload) run under trio in
a thread of their own, so that this is an ordinary object for code with and without an event loop.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

import trio

from memcluster.cluster.discovery import FIRST_VERSION, ClusterConfig
from memcluster.errors import NodeError
from memcluster.node.node import Node
from memcluster.proxy.proxy import Proxy

if TYPE_CHECKING:
    from types import TracebackType

START_TIMEOUT_SECONDS = 10.0


class Cluster:
    """Memcached nodes behind a consistent-hashing proxy, inside this process.

    with Cluster(nodes=3, port=0) as cluster:
        client = pymemcache.Client(cluster.address)

    `memory` and `threads` are each node's, `proxy` holds settings of the proxy and its pool by name, such as
    {"placement": "twemproxy-ketama", "down": "eject"}.
    """

    def __init__(
        self,
        nodes: int = 3,
        port: int = 11211,
        *,
        host: str = "127.0.0.1",
        memory: str | int = "64m",
        threads: int = 2,
        proxy: dict[str, Any] | None = None,
        node: dict[str, Any] | None = None,
    ) -> None:
        each: dict[str, Any] = {"memory": memory, "threads": threads, "listen": (host,)} | (node or {})
        self.nodes = [Node(port=0, **each) for _ in range(nodes)]
        front: dict[str, Any] = {"listen": (f"{host}:{port}",), "threads": threads} | (proxy or {})
        self._proxy = _ProxyThread(Proxy.over([member.address for member in self.nodes], **front))
        self._running = ExitStack()

    @property
    def address(self) -> str:
        """Where clients connect: the proxy's `host:port`."""
        return self._proxy.proxy.address

    @property
    def host(self) -> str:
        """The proxy's host."""
        return self.address.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The proxy's port."""
        return int(self.address.rpartition(":")[2])

    def stats(self, group: str = "") -> dict[str, str]:
        """What the proxy says to `stats GROUP`."""
        return self._proxy.proxy.stats(group)

    def start(self) -> None:
        """Begins to serve: the nodes, then the proxy."""
        members = ClusterConfig(FIRST_VERSION, tuple((node.host, node.port) for node in self.nodes))
        with ExitStack() as starting:
            for node in self.nodes:
                starting.enter_context(node)
                node.set_cluster_config(members.version, members.nodes_line)
            starting.enter_context(self._proxy)
            self._running = starting.pop_all()

    def stop(self) -> None:
        """Ends the proxy, then the nodes."""
        self._running.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _ProxyThread:
    """Runs a proxy's tasks in a thread; entered when it serves, left when it has drained."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self._scope = trio.CancelScope()
        self._token: trio.lowlevel.TrioToken | None = None
        self._settled = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="memcluster-proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._settled.wait(START_TIMEOUT_SECONDS) or self._failure:
            self.__exit__()
            raise NodeError(f"the proxy does not serve: {self._failure or 'time is up'}") from self._failure
        return self

    def __exit__(self, *_: object) -> None:
        if self._token is not None and self._thread.is_alive():
            self._token.run_sync_soon(self._scope.cancel)
        self._thread.join()

    def _run(self) -> None:
        try:
            trio.run(self._serve, strict_exception_groups=True)
        except BaseException as error:  # noqa: BLE001 (told to the thread that waits for us)
            self._failure = error
        finally:
            self._settled.set()

    async def _serve(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        with self._scope:
            async with self.proxy:
                self._settled.set()
                await trio.sleep_forever()
