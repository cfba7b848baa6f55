"""What a cluster on one host can be told: a row a setting."""

from __future__ import annotations

from typing import Annotated

from memcluster.config import Flag, Meta, Seconds, Settings


class ClusterSettings(Settings, frozen=True):
    """The section [cluster]."""

    nodes: Annotated[
        int,
        Flag("-n", "--nodes", help="how many memcached nodes; 0: none, and no proxy", metavar="NUM"),
        Meta(ge=0, le=100),
    ] = 3
    port: Annotated[
        int, Flag("-p", "--port", help="the proxy's port; 0 takes a free one", metavar="NUM"), Meta(ge=0, le=65535)
    ] = 11211
    host: Annotated[str, Flag("-l", "--listen", help="the address that proxy and nodes listen on", metavar="HOST")] = (
        "127.0.0.1"
    )
    node_port: Annotated[
        Annotated[int, Meta(ge=0, le=65535)] | None,
        Flag("--node-port", help="the first node's port; without it: the ports after the proxy's, if free"),
    ] = None
    start_timeout: Annotated[
        Seconds, Flag("--start-timeout", help="how long a process may take until it serves", metavar="TIME")
    ] = Seconds(10)
    drain_timeout: Annotated[
        Seconds, Flag("--drain-timeout", help="how long processes may take to end, at a stop", metavar="TIME")
    ] = Seconds(5)
    restart_delay: Annotated[
        Seconds, Flag("--restart-delay", help="wait before the second restart in a row; doubles", metavar="TIME")
    ] = Seconds(0.1)
    restart_delay_max: Annotated[
        Seconds, Flag("--restart-delay-max", help="the longest wait before a restart", metavar="TIME")
    ] = Seconds(5)
    stable_after: Annotated[
        Seconds, Flag("--stable-after", help="a process that ran so long starts afresh in counting", metavar="TIME")
    ] = Seconds(10)
