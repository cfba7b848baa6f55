"""A group's port without its group: the relay, on one thread, pointed at one node.

`python -m bench.group_port LISTEN_PORT NODE` serves until it is told to end.
"""

import signal
import sys

from memcluster._native import Relay

ENDS = (signal.SIGTERM, signal.SIGINT)


def _serve(listen_port: int, node: str) -> None:
    # The relay's thread leaves them to this one.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    relay = Relay(listen=f"127.0.0.1:{listen_port}", threads=1)
    relay.point([node])
    relay.start()
    signal.sigwait(ENDS)
    relay.stop()


if __name__ == "__main__":
    _serve(int(sys.argv[1]), sys.argv[2])
