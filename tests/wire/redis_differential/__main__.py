"""By hand: `python -m tests.wire.redis_differential --commands 300000 --seed 1 --family lists --family sets`.

Without --server it starts a node. Commands that ours does not have are left out and named at the end.
"""

import argparse
import sys
import time

from tests.connection import Address
from tests.servers import start_redis_mode, start_redis_to_compare
from tests.wire.redis_differential.families import FAMILIES
from tests.wire.redis_differential.runner import Pair, compare


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", help="HOST:PORT of a running one")
    parser.add_argument("--family", action="append", choices=tuple(FAMILIES), help="one of several, or all")
    parser.add_argument("--commands", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--differences", type=int, default=1, help="how many to show")
    options = parser.parse_args()
    truth = start_redis_to_compare()
    server = None if options.server else start_redis_mode("--threads", "2", "--enable-debug-command", "yes")
    try:
        return show(options, truth.address, server.address if server else endpoint(options.server))
    finally:
        truth.stop()
        if server:
            server.stop()
            print("\n".join(server.says().splitlines()[1:-1]))


def endpoint(text: str) -> Address:
    host, _, port = text.rpartition(":")
    return (host, int(port))


def show(options: argparse.Namespace, truth: Address, asked: Address) -> int:
    begin = time.monotonic()
    found = 0
    with Pair(truth, asked, families=tuple(options.family or FAMILIES)) as pair:
        for number in range(options.differences):
            if difference := compare(pair, options.seed + number, options.commands // options.differences):
                found += 1
                print(f"{difference}\n", flush=True)
    if pair.missing:
        print(f"ours has no {', '.join(sorted(pair.missing))}")
    print(f"{found} differences, {time.monotonic() - begin:.1f} s")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
