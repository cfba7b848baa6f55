"""What only the embedded store promises: it outlives its process, and several may have it open."""

import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest
import trio
import trio.testing

from memcluster.cluster.store.embedded import EmbeddedStore
from memcluster.cluster.store.entries import Compare, LeaseGone, Put, StoreUnavailable
from memcluster.errors import ConfigError


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


async def test_what_was_committed_is_there_after_a_restart(path: Path) -> None:
    clock = Clock()
    store = EmbeddedStore.open(path, now=clock)
    lease, _ = await store.grant(3)
    revision = await store.commit([], [Put("a", b"1"), Put("leased", b"2", lease)])
    store.close()
    clock.now += 2.9
    store = EmbeddedStore.open(path, now=clock)
    assert (await store.range("a")).revision == revision
    assert "leased" in (await store.range("leased")).entries
    assert (await store.watch("a", revision - 1)).changes
    clock.now += 0.2
    assert "leased" not in (await store.range("leased")).entries, "the clock went on while nobody had it open"
    store.close()


async def test_leases_begin_anew_when_the_machine_was_started_anew(path: Path) -> None:
    clock = Clock()
    store = EmbeddedStore.open(path, now=clock, boot="one")
    lease, _ = await store.grant(3)
    await store.commit([], [Put("leased", b"2", lease)])
    store.close()
    clock.now = 5.0
    store = EmbeddedStore.open(path, now=clock, boot="two")
    assert "leased" in (await store.range("leased")).entries
    clock.now += 3.1
    assert "leased" not in (await store.range("leased")).entries
    store.close()


async def test_of_many_who_compare_one_wins(path: Path) -> None:
    stores = [EmbeddedStore.open(path) for _ in range(4)]
    won: list[int] = []

    async def count(store: EmbeddedStore) -> None:
        done = 0
        while done < 10:
            entry = (await store.range("n")).entries.get("n")
            compare = Compare("n", entry.revision if entry else 0)
            number = int(entry.value) if entry else 0
            if await store.commit([compare], [Put("n", b"%d" % (number + 1))]):
                done += 1
                won.append(number)

    async with trio.open_nursery() as nursery:
        for store in stores:
            nursery.start_soon(count, store)
    assert sorted(won) == list(range(40)), "each number is followed by one commit only"
    for store in stores:
        store.close()


async def test_who_watches_sees_what_another_connection_wrote(path: Path) -> None:
    one, two = EmbeddedStore.open(path), EmbeddedStore.open(path)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:

            async def look() -> None:
                assert (await one.watch("a", 0)).changes

            nursery.start_soon(look)
            await trio.sleep(0.01)
            await two.commit([], [Put("a", b"1")])
    one.close()
    two.close()


async def test_a_store_that_another_process_holds_does_not_answer(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memcluster.cluster.store.embedded.TIMEOUT_SECONDS", 0.2)
    store = EmbeddedStore.open(path)
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable):
        await store.range("a")
    blocker.rollback()
    blocker.close()
    assert not (await store.range("a")).entries
    store.close()


async def test_a_lease_nobody_renews_ends_by_the_machines_clock(path: Path) -> None:
    store = EmbeddedStore.open(path)
    revision = None
    while revision is None:
        lease, _ = await store.grant(1)
        # A busy machine may let it end before it is used.
        with suppress(LeaseGone):
            revision = await store.commit([], [Put("leased", b"1", lease)])
    with trio.fail_after(5):
        assert (await store.watch("leased", revision)).changes
    with pytest.raises(LeaseGone):
        await store.keep_alive(lease)
    store.close()


def test_a_file_of_something_else_is_refused_by_name(path: Path) -> None:
    path.write_bytes(b"not a database, but long enough to look at " * 100)
    with pytest.raises(ConfigError, match=r"state\.db.*name another"):
        EmbeddedStore.open(path)


def test_a_file_of_a_newer_version_is_refused(path: Path) -> None:
    EmbeddedStore.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ConfigError, match="newer memcluster"):
        EmbeddedStore.open(path)


def test_only_its_owner_can_read_it(path: Path) -> None:
    EmbeddedStore.open(path).close()
    assert path.stat().st_mode & 0o077 == 0


def test_a_directory_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can be written"):
        EmbeddedStore.open(tmp_path / "none" / "state.db")
