"""The database cache spares queries, says how many, stays true, and does without the cache."""

import re
from collections.abc import Callable
from functools import partial

import pytest

from examples.database_cache.__main__ import CACHES, main, server_that_is_away
from examples.database_cache.cached_shop import Cache
from examples.database_cache.comparison import compare, opened
from examples.database_cache.traffic import (
    change_a_price,
    look_at_a_front_page,
    look_at_a_product,
    write_a_review,
)
from examples.database_cache.walk import walk_without_cache
from memcluster import Cluster
from tests.examples.running import count, run
from tests.servers import free_port, wait_for

ATTEMPTS_MAX = 3
TRAFFIC = ("--visitors", "100", "--products", "30")
STEP = re.compile(r"^  (\S.*?) {2,}(\d+) of (\d+) +(\d+)  (yes|no)", re.MULTILINE)
COST = re.compile(r"(\d+) queries instead of (\d+), the database was spared (\d+) .*\n.*ratio ([\d.]+) \((\d+) hits\)")
PROMISED = [
    ("the front page, for the first time", 0, 1, 1, "yes"),
    ("its best product, for the first time", 0, 2, 3, "yes"),
    ("the product again", 2, 2, 0, "yes"),
    ("its price changed: written through", 2, 2, 0, "yes"),
    ("it was reviewed: that value was deleted", 1, 2, 2, "yes"),
    ("the front page, not told of the review", 1, 1, 0, "no"),
    ("the front page N s later: expired", 0, 1, 1, "yes"),
    ("a product while the cache is away", 0, 2, 3, "yes"),
]

CacheAt = Callable[[str, int], Cache]
every_cache = pytest.mark.parametrize("cache", CACHES.values(), ids=CACHES)


def steps_of(output: str) -> list[tuple[str, int, int, int, str]]:
    found = re.sub(r"page [\d.]+ s later", "page N s later", output)
    return [
        (what, int(hits), int(values), int(queries), word) for what, hits, values, queries, word in STEP.findall(found)
    ]


def test_it_shows_what_it_promises_and_leaves_nothing(memcached_cluster: Cluster) -> None:
    for _ in range(ATTEMPTS_MAX):
        done = run("database_cache", "--server", memcached_cluster.address, *TRAFFIC)
        assert (done.returncode, done.stderr) == (0, "")
        # A busy machine may take longer for the steps than a front page lives.
        if steps_of(done.stdout) == PROMISED * 2:
            break
    assert steps_of(done.stdout) == PROMISED * 2
    costs = COST.findall(done.stdout)
    assert len(costs) == len(CACHES)
    for queries, without_cache, spared, ratio, hits in costs:
        assert int(spared) == int(without_cache) - int(queries) > 0
        assert 0.0 < float(ratio) < 1.0
        assert int(hits) <= count(memcached_cluster, "get_hits")
    assert count(memcached_cluster, "curr_items") == 0
    assert count(memcached_cluster, "total_items") > 0


def test_without_a_cluster_nothing_is_spared(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with server_that_is_away() as away:
        monkeypatch.setattr("sys.argv", ["database_cache", "--server", away, *TRAFFIC])
        main()
    output = capsys.readouterr().out
    assert [step[0] for step in steps_of(output)] == [step[0] for step in PROMISED] * 2
    assert {step[1] for step in steps_of(output)} == {0}
    assert len(COST.findall(output)) == len(CACHES)
    for queries, without_cache, spared, ratio, hits in COST.findall(output):
        assert int(queries) == int(without_cache) > 0
        assert (int(spared), float(ratio), int(hits)) == (0, 0.0, 0)


def test_what_is_no_address_is_said() -> None:
    done = run("database_cache", "--server", "nowhere:port")
    assert "'nowhere:port' is no address: write HOST:PORT" in done.stderr
    assert (done.returncode, done.stdout) == (2, "")


@every_cache
def test_the_figures_are_those_of_nodes_and_database(
    cache: CacheAt, memcached_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("examples.database_cache.cached_shop.FRONT_PAGE_SECONDS", 600)
    at_cluster = partial(cache, memcached_cluster.address)
    few = compare(60, 40, at_cluster)
    assert few.hits == count(memcached_cluster, "get_hits")
    many = compare(180, 40, at_cluster)
    assert few.hits + many.hits == count(memcached_cluster, "get_hits")
    assert many.hit_ratio > few.hit_ratio > 0
    assert many.queries_without_cache > many.queries
    assert many.queries_without_cache > few.queries_without_cache


@every_cache
def test_only_front_pages_are_ever_outdated(
    cache: CacheAt, memcached_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    often = {look_at_a_product: 5, change_a_price: 2, write_a_review: 2}
    monkeypatch.setattr("examples.database_cache.traffic.VISITS", often)
    assert compare(200, 3, partial(cache, memcached_cluster.address)).outdated == 0
    monkeypatch.setattr("examples.database_cache.traffic.VISITS", often | {look_at_a_front_page: 5})
    assert compare(200, 3, partial(cache, memcached_cluster.address)).outdated > 0


@every_cache
def test_the_database_answers_while_the_cluster_is_away_and_the_cache_when_it_is_back(cache: CacheAt) -> None:
    # One that the kernel gives to nobody while the cluster is away.
    port = free_port()
    first = Cluster(nodes=2, port=port, memory="16m", threads=1)
    first.start()
    with opened(10, partial(cache, first.address)) as (database, shop):
        page = shop.product(1), shop.reviews(1)
        assert (shop.product(1), shop.reviews(1)) == page
        assert shop.tally.hits == 2
        first.stop()
        (step,) = walk_without_cache(database, shop)
        assert (step.hits, step.queries, step.is_current) == (0, 3, True)
        shop.change_price(1, 77)
        assert shop.product(1).price_cents == 77
        with Cluster(nodes=2, port=port, memory="16m", threads=1):

            def is_cached() -> bool:
                before = shop.tally.hits
                assert shop.product(1).price_cents == 77
                return shop.tally.hits > before

            wait_for(is_cached, "the cache to be used again")
