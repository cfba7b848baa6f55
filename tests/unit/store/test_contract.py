"""What every backing of the state store does: one suite over all of them."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memcluster.cluster.store.contract import Store
from memcluster.cluster.store.embedded import EmbeddedStore
from memcluster.cluster.store.entries import Compacted, Compare, Delete, LeaseGone, Put
from memcluster.cluster.store.memory import MemoryStore


class Clock:
    """The store's own, which tests set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "embedded"])
def store(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore(clock)
    else:
        store = EmbeddedStore.open(tmp_path / "state.db", now=clock)
        yield store
        store.close()


async def value(store: Store, key: str) -> bytes | None:
    entry = (await store.range(key)).entries.get(key)
    return entry.value if entry else None


async def test_a_range_is_what_begins_so(store: Store) -> None:
    revision = await store.commit([], [Put("a/1", b"one"), Put("a/2", b"two"), Put("b/1", b"other"), Put("a", b"")])
    snapshot = await store.range("a/")
    assert snapshot.revision == revision
    assert {key: (entry.value, entry.revision, entry.lease) for key, entry in snapshot.entries.items()} == {
        "a/1": (b"one", revision, 0),
        "a/2": (b"two", revision, 0),
    }


async def test_a_compare_that_fails_changes_nothing(store: Store) -> None:
    first = await store.commit([Compare("a", 0)], [Put("a", b"1")])
    assert first
    assert not await store.commit([Compare("a", 0)], [Put("a", b"2")])
    assert not await store.commit([Compare("a", first), Compare("b", 1)], [Put("a", b"2"), Put("b", b"2")])
    assert await value(store, "a") == b"1"
    second = await store.commit([Compare("a", first), Compare("b", 0)], [Put("a", b"2"), Put("b", b"2")])
    assert second > first
    assert not await store.commit([Compare("a", first)], [Delete("a")])
    assert await store.commit([Compare("a", second)], [Delete("a")])
    assert await value(store, "a") is None


async def test_a_key_made_again_is_another(store: Store) -> None:
    first = await store.commit([], [Put("a", b"1")])
    await store.commit([], [Delete("a")])
    assert await store.commit([Compare("a", 0)], [Put("a", b"1")])
    assert not await store.commit([Compare("a", first)], [Put("a", b"2")])


async def test_entries_go_with_their_lease_by_the_stores_clock(store: Store, clock: Clock) -> None:
    lease, ttl = await store.grant(3)
    assert ttl >= 3
    await store.commit([], [Put("leased", b"x", lease), Put("kept", b"y")])
    clock.now += 2
    assert await store.keep_alive(lease) == ttl
    clock.now += ttl - 0.001
    assert await value(store, "leased") == b"x"
    before = (await store.range("kept")).revision
    clock.now += 0.002
    assert await value(store, "leased") is None
    assert await value(store, "kept") == b"y"
    assert (await store.range("kept")).revision == before + 1, "its end is a change like others"
    with pytest.raises(LeaseGone):
        await store.keep_alive(lease)
    with pytest.raises(LeaseGone):
        await store.commit([], [Put("leased", b"x", lease)])


async def test_a_key_written_again_leaves_its_lease(store: Store) -> None:
    old, _ = await store.grant(3)
    new, _ = await store.grant(3)
    await store.commit([], [Put("a", b"1", old), Put("b", b"1", old)])
    await store.commit([], [Put("a", b"2", new), Put("b", b"2")])
    await store.revoke(old)
    assert (await value(store, "a"), await value(store, "b")) == (b"2", b"2")
    await store.revoke(new)
    assert (await value(store, "a"), await value(store, "b")) == (None, b"2")
    await store.revoke(new)


async def test_leases_have_names_of_their_own(store: Store) -> None:
    first, _ = await store.grant(3)
    await store.revoke(first)
    second, _ = await store.grant(3)
    assert second != first


async def test_who_watches_sees_every_change_in_order(store: Store, clock: Clock) -> None:
    lease, _ = await store.grant(3)
    start = await store.commit([], [Put("a/1", b"0"), Put("a/2", b"0", lease)])
    await store.commit([], [Put("a/1", b"1"), Put("b/1", b"1")])
    await store.commit([], [Delete("a/1"), Delete("a/none")])
    clock.now += 4
    batch = await store.watch("a/", start)
    seen = [(c.key, None if isinstance(c, Delete) else c.value) for c in batch.changes]
    assert seen == [("a/1", b"1"), ("a/1", None), ("a/2", None)]
    assert batch.revision == (await store.range("a/")).revision
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            found: list[Any] = []

            async def look() -> None:
                found.append(await store.watch("a/", batch.revision))

            nursery.start_soon(look)
            await trio.testing.wait_all_tasks_blocked(0.01)
            await store.commit([], [Put("b/1", b"9")])
            await store.commit([], [Put("a/3", b"3")])
    assert [(change.key, change.value) for change in found[0].changes] == [("a/3", b"3")]


async def test_changes_too_old_are_said_to_be(store: Store) -> None:
    for number in range(1002):
        await store.commit([], [Put("a", b"%d" % number)])
    with pytest.raises(Compacted):
        await store.watch("a", 1)
    assert (await store.watch("a", (await store.range("a")).revision - 5)).changes


KEYS = st.sampled_from(["g/a", "g/b", "h/a"])
STEPS = st.one_of(
    st.tuples(st.just("put"), KEYS, st.integers(0, 2)),
    st.tuples(st.just("delete"), KEYS, st.just(0)),
    st.tuples(st.just("stale"), KEYS, st.integers(1, 3)),
    st.tuples(st.sampled_from(["grant", "keep", "revoke"]), st.just(""), st.integers(0, 2)),
    st.tuples(st.just("time"), st.just(""), st.integers(1, 4)),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, max_size=40))
def test_backings_agree(tmp_path: Path, steps: list[tuple[str, str, int]]) -> None:
    """Whatever is done to both, both answer the same."""
    clock = Clock()
    path = tmp_path / "state.db"
    for old in tmp_path.glob("state.db*"):
        old.unlink()
    embedded = EmbeddedStore.open(path, now=clock)
    memory = MemoryStore(clock)
    try:
        trio.run(agree, [memory, embedded], clock, steps)
    finally:
        embedded.close()


async def agree(stores: list[Store], clock: Clock, steps: list[tuple[str, str, int]]) -> None:
    leases: list[list[int]] = []
    for kind, key, number in steps:
        if kind == "time":
            clock.now += number
            continue
        lease = leases[number % len(leases)] if leases else [0, 0]
        answers = [
            await answer(partial(step, store, kind, key, number, lease[place])) for place, store in enumerate(stores)
        ]
        if kind == "grant":
            leases.append([each[0] for each in answers])
        else:
            assert answers[0] == answers[1]
        first, second = [await store.range("g/") for store in stores]
        assert (first.revision, {k: (e.value, e.revision) for k, e in first.entries.items()}) == (
            second.revision,
            {k: (e.value, e.revision) for k, e in second.entries.items()},
        )


async def step(store: Store, kind: str, key: str, number: int, lease: int) -> Any:
    match kind:
        case "put":
            return await store.commit([], [Put(key, b"%d" % number, lease if number else 0)])
        case "delete":
            return await store.commit([], [Delete(key)])
        case "stale":
            entry = (await store.range(key)).entries.get(key)
            return await store.commit([Compare(key, (entry.revision if entry else 0) + number - 1)], [Put(key, b"s")])
        case "grant":
            return await store.grant(3)
        case "keep":
            return await store.keep_alive(lease)
    return await store.revoke(lease)


async def answer(call: Callable[[], Any]) -> Any:
    try:
        return await call()
    except LeaseGone:
        return "gone"
