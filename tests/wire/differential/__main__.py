"""By hand: `python -m tests.wire.differential --server HOST:PORT --kind node --commands 100000 --seed 1`.

Without --server it starts one: a node, a proxy over three nodes, or with `--program PATH` another memcached.
"""

import argparse
import sys
import time

from tests.connection import Address, ask
from tests.servers import Server, start_memcached, start_node, start_proxy_over_nodes
from tests.wire.conversation import version_number
from tests.wire.differential.differences import known
from tests.wire.differential.runner import Pair, compare


def started(kind: str, program: str | None) -> Server:
    match kind:
        case "node":
            return start_node()
        case "proxy":
            return start_proxy_over_nodes(3)
        case _:
            return start_memcached(program=program)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=("node", "proxy", "memcached"), default="node")
    parser.add_argument("--server", help="HOST:PORT of a running one")
    parser.add_argument("--program", help="which memcached to ask, for --kind memcached")
    parser.add_argument("--commands", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--differences", type=int, default=1, help="how many to show")
    options = parser.parse_args()
    truth = start_memcached()
    server = None if options.server else started(options.kind, options.program)
    try:
        return show(options, truth.address, server.address if server else endpoint(options.server))
    finally:
        truth.stop()
        if server:
            server.stop()


def endpoint(text: str) -> Address:
    host, _, port = text.rpartition(":")
    return (host, int(port))


def show(options: argparse.Namespace, truth: Address, asked: Address) -> int:
    version = version_number(ask(truth, b"version\r\n").decode())
    begin = time.monotonic()
    found = 0
    with Pair(truth, asked, known(options.kind, version), has_one_counter=options.kind != "proxy") as pair:
        for number in range(options.differences):
            if difference := compare(pair, options.seed + number, options.commands // options.differences):
                found += 1
                print(f"{difference}\n")
    print(f"{found} differences, {time.monotonic() - begin:.1f} s")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
