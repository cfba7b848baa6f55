"""What the modes promise, between processes: sync loses nothing when the primary is killed at any moment; bounded loses
no more than its bound; reads never show what may vanish."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import contextmanager
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING

import pytest
import redis

from tests.durability.members import PATIENCE_SECONDS, Member, Writers, missing
from tests.servers import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROUNDS = int(os.environ.get("DURABILITY_ROUNDS", "2"))
KILLS = 2
"""In each round."""
BOUND_MS = 1000
BOUND_SECONDS = BOUND_MS / 1000 + 0.002
"""The node counts whole milliseconds."""


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Member, Member]]:
    members = (Member("n1", tmp_path / "n1"), Member("n2", tmp_path / "n2"))
    yield members
    for member in members:
        member.stop()


def begin(primary: Member, replica: Member, mode: str) -> None:
    primary.promote(1, mode, replica.name)
    replica.follow(1, primary)
    replica.wait_until_in_sync(primary)


@contextmanager
def one_more_held(primary: Member) -> Iterator[None]:
    """Leaves when the primary holds a reply that it did not hold before."""
    held = int(primary.durability()["durability_held_replies"])
    yield
    wait_for(lambda: int(primary.durability()["durability_held_replies"]) > held, "a reply to be held")


@pytest.mark.parametrize("number", range(ROUNDS))
def test_sync_loses_no_acknowledged_write(tmp_path: Path, number: int) -> None:
    """The primary is killed when the number says so; its replica takes over, gets one itself, and is killed."""
    random = Random(number)
    members = [Member(f"n{place}", tmp_path / str(place)) for place in range(KILLS + 1)]
    begin(members[0], members[1], "sync:1")
    for epoch, (primary, replica) in enumerate(pairwise(members), 2):
        with Writers(primary) as writers:
            writers.wait_for(random.randrange(30, 400))
            primary.server.kill()
        replica.order("MEMC.SEAL", epoch)
        replica.promote(epoch, "sync:1", f"n{epoch}")
        lost = missing(replica, writers.acknowledged)
        assert not lost, f"kill {epoch - 1}: {lost}"
        if epoch < len(members):
            members[epoch].follow(epoch, replica)
            members[epoch].wait_until_in_sync(replica)
    for member in members:
        member.stop()


def test_sync_with_fsync_waits_for_a_replicas_disk(tmp_path: Path) -> None:
    """A replica that keeps nothing on disk confirms nothing; one that does confirms, and has it after a kill -9."""
    primary, forgetful = Member("n1", tmp_path / "n1"), Member("n2", tmp_path / "n2")
    options = ("--appendonly", "yes", "--appendfsync", "everysec")
    keeper = Member("n3", tmp_path / "n3", *options)
    begin(primary, forgetful, "sync:1:fsync")
    client = primary.client()
    answers: list[object] = []
    thread = threading.Thread(target=lambda: answers.append(client.set("key", "value")))
    with one_more_held(primary):
        thread.start()
    keeper.follow(1, primary)
    keeper.wait_until_in_sync(primary)
    assert answers == []
    primary.order("MEMC.INSYNC", 1, 2, "sync:1:fsync", forgetful.name, keeper.name)
    thread.join(PATIENCE_SECONDS)
    assert answers == [True]
    for member in (primary, keeper):
        member.server.kill()
    again = Member("n3", tmp_path / "n3", *options)
    again.order("MEMC.SEAL", 2)
    again.promote(2, "async")
    assert again.client().get("key") == b"value"
    for member in (primary, forgetful, keeper, again):
        member.stop()


def test_reads_wait_for_writes_that_are_not_confirmed(pair: tuple[Member, Member]) -> None:
    primary, replica = pair
    begin(primary, replica, "sync:1")
    writer, reader, other = primary.client(), primary.client(), primary.client()
    assert writer.set("key", "old") is True
    replica.server.freeze()
    answers: dict[str, object] = {}
    threads = [
        threading.Thread(target=lambda: answers.update(write=writer.set("key", "new"))),
        threading.Thread(target=lambda: answers.update(read=reader.get("key"))),
    ]
    for thread in threads:
        with one_more_held(primary):
            thread.start()
    assert other.get("another key") is None, "who reads something else does not wait"
    assert other.execute_command("CLIENT", "DURABILITY", "async") == b"OK"
    assert other.get("key") == b"new", "who does not care does not wait"
    assert answers == {}
    replica.server.signal(signal.SIGCONT)
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert answers == {"write": True, "read": b"new"}


def test_a_write_that_is_not_confirmed_is_never_silently_done(pair: tuple[Member, Member]) -> None:
    primary, replica = pair
    begin(primary, replica, "sync:1")
    replica.server.freeze()
    answers: list[object] = []

    def write(client: redis.Redis) -> None:
        try:
            answers.append(client.set("key", "value"))
        except redis.RedisError as error:
            answers.append(str(error))

    for end in ("killed", "fenced"):
        client = primary.client()
        number = client.client_id()
        thread = threading.Thread(target=write, args=(client,))
        with one_more_held(primary):
            thread.start()
        if end == "killed":
            primary.order("CLIENT", "KILL", "ID", number)
        else:
            primary.order("MEMC.SEAL", 2)
        thread.join(PATIENCE_SECONDS)
    assert [str(answer).split(" ")[:4] for answer in answers] == [["UNKNOWN", "write", "not", "confirmed"]] * 2, answers
    replica.server.signal(signal.SIGCONT)


def test_bounded_refuses_in_time_and_loses_nothing_older(pair: tuple[Member, Member]) -> None:
    primary, replica = pair
    begin(primary, replica, f"bounded:{BOUND_MS}")
    with Writers(primary) as writers:
        writers.wait_for(200)
        # A busy machine may hold the replica up for longer than the bound before.
        before = len(writers.refused)
        replica.server.freeze()
        frozen_at = time.monotonic()
        wait_for(lambda: len(writers.refused) > before, "writes to be refused", PATIENCE_SECONDS)
        assert writers.refused[-1].startswith(("NOREPLICAS a write of", "a write of")), writers.refused[-1]
        primary.server.kill()
    # Nobody confirms what was asked for from then on.
    last = max(write.asked for _, write in writers.all)
    first = min((write.answered for _, write in writers.all if write.asked > frozen_at), default=last)
    assert last - first <= BOUND_SECONDS
    replica.server.signal(signal.SIGCONT)
    replica.order("MEMC.SEAL", 2)
    replica.promote(2, "async")
    # Whatever is missing was done within the bound before the last that was done.
    for key, (has, _) in missing(replica, writers.acknowledged).items():
        first_lost = min(write.answered for other, write in writers.all if other == key and write.value > has)
        assert last - first_lost <= BOUND_SECONDS, f"{key}: {last - first_lost:.3f} s"


def test_bounded_goes_on_when_its_replica_does(pair: tuple[Member, Member]) -> None:
    primary, replica = pair
    begin(primary, replica, "bounded:200")
    client = primary.client()
    replica.server.freeze()
    client.set("key", 1)

    def is_refused() -> bool:
        try:
            client.set("key", 2)
        except redis.ResponseError:
            return True
        return False

    wait_for(is_refused, "writes to be refused")
    replica.server.signal(signal.SIGCONT)
    wait_for(lambda: not is_refused(), "writes to be taken again")
    time_of = primary.durability()
    assert int(time_of["durability_refused_writes"]) >= 1
