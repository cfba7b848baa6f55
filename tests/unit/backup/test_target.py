"""Where snapshots lie, a directory and an object store alike: names are taken once, claims end, errors are one line."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import fsspec
import msgspec
import pytest

from memcluster.errors import BackupError
from memcluster.redis.backup.manifest import Kind, State, begun
from memcluster.redis.backup.target import Running, Target
from memcluster.redis.group.identity import own_name
from tests.unit.backup.snapshots import NOON, snapshot


@pytest.fixture(params=["directory", "memory"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Target]:
    yield Target.open(str(tmp_path / "snapshots") if request.param == "directory" else "memory://snapshots")
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    memory.pseudo_dirs[:] = [""]


def put(target: Target, name: str, content: bytes, folder: Path) -> None:
    path = folder / "content"
    path.write_bytes(content)
    target.put(path, name)


def test_a_directory_is_known_as_one(tmp_path: Path) -> None:
    assert Target.open(str(tmp_path)).directory == tmp_path
    assert Target.open(tmp_path.as_uri()).directory == tmp_path
    assert Target.open("memory://x").directory is None


def test_nothing_is_there_at_first(target: Target) -> None:
    assert target.snapshots() == []
    for asked in (target.manifest, target.delete):
        with pytest.raises(BackupError, match="has no snapshot a"):
            asked("a")


def test_its_life(target: Target, tmp_path: Path) -> None:
    manifest = begun("a", "g", Kind.MANUAL, NOON, 60)
    target.begin(manifest)
    assert target.snapshots() == [manifest]
    put(target, "a", b"rdb", tmp_path)
    complete = msgspec.structs.replace(manifest, state=State.COMPLETE, bytes=3)
    target.write(complete)
    assert target.manifest("a") == complete
    target.fetch("a", tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == b"rdb"
    assert target.snapshots("g") == [complete]
    assert target.snapshots("other") == []
    target.delete("a")
    assert target.snapshots() == []
    target.begin(manifest)


def test_a_name_is_taken_once(target: Target) -> None:
    target.begin(snapshot("a"))
    with pytest.raises(BackupError, match="has a snapshot a already: choose another name"):
        target.begin(snapshot("a"))


@pytest.mark.parametrize("name", ["", "a/b", "../a", ".a", "a b", "a" * 129, "g.running.json"])
def test_a_name_that_is_no_folder_of_its_own(target: Target, name: str) -> None:
    for asked in (target.manifest, target.delete, lambda name: begun(name, "g", Kind.MANUAL, NOON, 1)):
        with pytest.raises(BackupError, match="cannot name a snapshot"):
            asked(name)


def test_they_are_listed_by_age(target: Target) -> None:
    for age in (2, 0, 1):
        target.begin(snapshot(f"s{age}", NOON - timedelta(days=age)))
    assert [each.name for each in target.snapshots()] == ["s2", "s1", "s0"]


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"\xff\xfe", b'{"format": 1, "name": 3}', b"[" * 10_000])
def test_a_manifest_that_cannot_be_read_is_shown_as_failed(target: Target, content: bytes) -> None:
    target.begin(snapshot("a"))
    target.files.pipe_file(target.path("a", "manifest.json"), content)
    (shown,) = target.snapshots()
    assert (shown.name, shown.state) == ("a", State.FAILED)
    assert "manifest.json" in shown.error
    with pytest.raises(BackupError, match="delete it and take another"):
        target.manifest("a")
    target.delete("a")
    assert target.snapshots() == []


def test_one_of_a_newer_format_is_left_alone(target: Target) -> None:
    target.begin(msgspec.structs.replace(snapshot("a"), format=2))
    with pytest.raises(BackupError, match="newer than this memcluster"):
        target.manifest("a")


def test_one_at_a_time(target: Target) -> None:
    soon = NOON + timedelta(minutes=1)
    with target.running("g", "first", soon, NOON):
        refused = pytest.raises(BackupError, match=r"a snapshot of g is being taken already \(first\)")
        with refused, target.running("g", "second", soon, NOON):
            pass
        with target.running("other", "second", soon, NOON):
            pass
        assert target.snapshots() == [], "a claim is no snapshot"
    with target.running("g", "second", soon, NOON):
        pass


def test_a_claim_ends_with_its_time(target: Target) -> None:
    soon = NOON + timedelta(minutes=1)
    later = soon + timedelta(seconds=1)
    with target.running("g", "first", soon, NOON), target.running("g", "second", later + timedelta(minutes=2), later):
        pass


def test_what_a_process_left_that_is_gone(target: Target, tmp_path: Path) -> None:
    """Its deadline is far, but everybody on this machine can see that it has ended."""
    manifest = begun("a", "g", Kind.SCHEDULED, NOON, 3600)
    target.begin(manifest)
    put(target, "a", b"half", tmp_path)
    gone = Running("a", f"{own_name().partition(':')[0]}:1:1", manifest.deadline)
    target.files.pipe_file(target.path("g.running.json"), msgspec.json.encode(gone))
    target.sweep("g", NOON)
    (left,) = target.snapshots()
    assert left.state is State.FAILED
    assert "gone before it was complete" in left.error
    assert not target.files.exists(target.path("a", "data.rdb"))
    with target.running("g", "b", NOON, NOON):
        pass


@pytest.mark.parametrize("content", [None, b"{"])
def test_what_was_left_without_a_manifest_blocks_nobody(target: Target, content: bytes | None) -> None:
    target.files.makedirs(target.path("a"), exist_ok=True)
    if content is not None:
        target.files.pipe_file(target.path("a", "manifest.json"), content)
    gone = Running("a", f"{own_name().partition(':')[0]}:1:1", NOON)
    target.files.pipe_file(target.path("g.running.json"), msgspec.json.encode(gone))
    with target.running("g", "b", NOON, NOON):
        pass


def test_what_a_process_elsewhere_does_is_its_own_until_its_deadline(target: Target) -> None:
    target.files.makedirs(target.root, exist_ok=True)
    elsewhere = Running("a", "another-machine:1:1", NOON)
    target.files.pipe_file(target.path("g.running.json"), msgspec.json.encode(elsewhere))
    refused = pytest.raises(BackupError, match=r"taken already \(a\)")
    with refused, target.running("g", "b", NOON, NOON):
        pass
    later = NOON + timedelta(seconds=1)
    with target.running("g", "b", later, later):
        pass


def test_a_claim_that_was_half_written_is_none(target: Target) -> None:
    target.files.makedirs(target.root, exist_ok=True)
    target.files.pipe_file(target.path("g.running.json"), b'{"na')
    with target.running("g", "a", NOON, NOON):
        pass


def test_an_unknown_kind_of_place() -> None:
    with pytest.raises(BackupError, match=r"nothing://x: .*give a directory, or a URL"):
        Target.open("nothing://x")


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    target = Target.open(str(tmp_path / "file" / "snapshots"))
    with pytest.raises(BackupError, match="cannot be begun: Not a directory"):
        target.begin(snapshot("a"))


def test_a_manifest_is_replaced_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the disk is full half-way, the old one stays."""
    target = Target.open(str(tmp_path))
    target.begin(snapshot("a", state=State.CREATING))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BackupError, match="No space left on device"):
        target.write(snapshot("a"))
    assert target.manifest("a").state is State.CREATING
