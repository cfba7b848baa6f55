"""Shows what a cache does for a shop, step by step and then under traffic; see README.md."""

import argparse
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from examples.database_cache.cached_shop import Cache
from examples.database_cache.comparison import Cost, compare, opened
from examples.database_cache.dogpile_cache import DogpileCache
from examples.database_cache.pymemcache_cache import PymemcacheCache
from examples.database_cache.walk import Step, walk, walk_without_cache

CACHES: dict[str, Callable[[str, int], Cache]] = {"dogpile.cache": DogpileCache, "pymemcache": PymemcacheCache}


def main() -> None:
    options = parse_options()
    for name, cache in CACHES.items():
        print(f"With {name}, through {options.server}:")
        print_steps(steps(options.products, cache, options.server))
        print_cost(compare(options.visitors, options.products, partial(cache, options.server)), options.visitors)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.database_cache", description=__doc__)
    parser.add_argument(
        "--server", type=address, default="127.0.0.1:11211", metavar="HOST:PORT", help="the proxy [%(default)s]"
    )
    parser.add_argument("--visitors", type=int, default=1000, metavar="NUM", help="of the traffic [%(default)s]")
    parser.add_argument("--products", type=int, default=200, metavar="NUM", help="in the shop [%(default)s]")
    return parser.parse_args()


def address(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no address: write HOST:PORT")
    return text


def steps(products: int, cache: Callable[[str, int], Cache], server: str) -> Iterator[Step]:
    with opened(products, partial(cache, server)) as (database, shop):
        yield from walk(database, shop)
    with server_that_is_away() as away, opened(products, partial(cache, away)) as (database, shop):
        yield from walk_without_cache(database, shop)


@contextmanager
def server_that_is_away() -> Iterator[str]:
    """An address at which connections are refused: it is taken, and nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


def print_steps(taken: Iterable[Step]) -> None:
    print(f"  {'':42}{'from the cache':>16}{'queries':>9}  as in the database")
    for step in taken:
        origin = f"{step.hits} of {step.values}"
        print(f"  {step.what:42}{origin:>16}{step.queries:>9}  {'yes' if step.is_current else 'no, older'}", flush=True)


def print_cost(cost: Cost, visitors: int) -> None:
    share = cost.spared / cost.queries_without_cache if cost.queries_without_cache else 0.0
    print(
        f"  {visitors} visitors: {cost.queries} queries instead of {cost.queries_without_cache}, "
        f"the database was spared {cost.spared} ({share:.0%})\n"
        f"  hit ratio {cost.hit_ratio:.3f} ({cost.hits} hits), pages older than the database {cost.outdated}\n",
        flush=True,
    )


if __name__ == "__main__":
    main()
