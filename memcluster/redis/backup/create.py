"""Takes a snapshot: chooses the node, orders it, waits, verifies what lies in the target, and only then says complete.

    claim the group ─> manifest "creating" ─> MEMC.SNAPSHOT at the node ─> data in the target
         ─> hashed and loaded from there ─> manifest "complete"

Whatever goes wrong on the way ends as a manifest that says "failed" and why, without data.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from memcluster.errors import BackupError, MemclusterError
from memcluster.redis import resp
from memcluster.redis.backup import verify
from memcluster.redis.backup.manifest import Kind, Manifest, State, begun
from memcluster.redis.backup.source import Node, choose
from memcluster.redis.backup.target import DATA, Target
from memcluster.redis.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from memcluster.redis.client import Login

POLL_SECONDS = 0.05
"""Between two questions how far the node is."""


@dataclass(frozen=True)
class Wanted:
    """A snapshot that somebody wants."""

    name: str
    group: str
    kind: Kind
    timeout_seconds: float
    manual_max: int = 20


@dataclass(frozen=True)
class World:
    """What taking one needs of the world."""

    survey: Callable[[], list[Node]]
    login: Login
    check: verify.Check
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


def create(target: Target, wanted: Wanted, world: World) -> Manifest:
    """Takes it and returns its manifest, complete; BackupError or ServerError says why there is none."""
    now = world.now()
    manifest = begun(wanted.name, wanted.group, wanted.kind, now, wanted.timeout_seconds)
    refuse_too_many(target.snapshots(wanted.group), wanted)
    with target.running(wanted.group, wanted.name, manifest.deadline, now):
        target.begin(manifest)
        try:
            manifest = _take(target, manifest, wanted, world)
            target.write(manifest)
        except BaseException as error:
            _give_up(target, manifest, error)
            raise
    return manifest


def refuse_too_many(snapshots: list[Manifest], wanted: Wanted) -> None:
    """BackupError if the group has as many manual ones as it may."""
    manual = [each for each in snapshots if each.kind is Kind.MANUAL and each.state is not State.FAILED]
    if wanted.kind is Kind.MANUAL and len(manual) >= wanted.manual_max:
        raise BackupError(
            f"{wanted.group} has {len(manual)} manual snapshots, and may have {wanted.manual_max}: delete one "
            f"(the oldest: memcluster snapshot delete {manual[0].name}), or raise manual_max"
        )


def _take(target: Target, manifest: Manifest, wanted: Wanted, world: World) -> Manifest:
    node = choose(world.survey(), is_final=wanted.kind is Kind.FINAL)
    deadline = time.monotonic() + wanted.timeout_seconds
    with Client(node.address, world.login) as client:
        path = _place(target, manifest, client)
        _wait_until_free(client, deadline)
        client.ask("MEMC.SNAPSHOT", str(path))
        said = _wait(client, path, deadline)
        version = client.info("server").get("memcluster_version", "")
    manifest = msgspec.structs.replace(
        manifest,
        node=node.name,
        role=node.status.role,
        durability=node.status.durability,
        epoch=int(said["epoch"]),
        offset=int(said["offset"]),
        engine_version=version,
    )
    if not path.exists():
        raise BackupError(f"{node.name} wrote {path} on its own host: take the snapshot there")
    if target.directory is None:
        _hand_over(target, manifest.name, path)
    with verify.in_target(target, manifest.name, world.check) as found:
        _compare(manifest.name, node.name, said, found)
    return msgspec.structs.replace(
        manifest, state=State.COMPLETE, keys=found.keys, bytes=found.bytes, crc64=found.crc64, sha256=found.sha256
    )


def _hand_over(target: Target, name: str, path: Path) -> None:
    """From beside the node's data into the target."""
    try:
        target.put(path, name)
    finally:
        path.unlink()


def _compare(name: str, node: str, said: dict[str, Any], found: verify.Verified) -> None:
    """That what lies in the target is what the node says it wrote."""
    if int(found.crc64, 16) != int(resp.text(said["checksum"]), 16):
        raise BackupError(
            f"snapshot {name}: {node} wrote {said['keys']} keys with checksum {resp.text(said['checksum'])}, "
            f"in the target are {found.keys} with {found.crc64}: is the disk well?"
        )


def _place(target: Target, manifest: Manifest, client: Client) -> Path:
    """Where the node writes: into the target if that is a directory, else beside its own data for a while."""
    if target.directory is not None:
        return target.directory / manifest.name / DATA
    folder = resp.mapping(client.ask("CONFIG", "GET", "dir"))["dir"]
    return Path(resp.text(folder)).absolute() / f"{manifest.name}.snapshot.rdb"


def _wait_until_free(client: Client, deadline: float) -> None:
    """A node writes one at a time, and one whose taker has died to its end."""
    while resp.text((said := resp.mapping(client.ask("MEMC.SNAPSHOT", "STATUS"))).get("state")) == "running":
        if time.monotonic() > deadline:
            path = resp.text(said.get("path"))
            raise BackupError(f"{client.address} writes another snapshot ({path}): give it longer with --timeout")
        time.sleep(POLL_SECONDS)


def _wait(client: Client, path: Path, deadline: float) -> dict[str, Any]:
    """Until the node has written it; BackupError if it cannot or takes too long."""
    while True:
        said = resp.mapping(client.ask("MEMC.SNAPSHOT", "STATUS"))
        state = resp.text(said.get("state"))
        if resp.text(said.get("path")) != str(path):
            raise BackupError(f"{client.address} writes another snapshot ({resp.text(said.get('path'))}): try again")
        if state == "done":
            return said
        if state != "running":
            raise BackupError(f"{client.address} could not write {path}: {resp.text(said.get('error')) or state}")
        if time.monotonic() > deadline:
            raise BackupError(f"{client.address} has not written {path} in time: give it longer with --timeout")
        time.sleep(POLL_SECONDS)


def _give_up(target: Target, manifest: Manifest, error: BaseException) -> None:
    """Leaves word of what failed; that this cannot be written either changes nothing about the reason."""
    why = str(error) if isinstance(error, MemclusterError) else f"{type(error).__name__}: {error}".rstrip(": ")
    with suppress(BackupError):
        target.write(manifest.failed(why))
        target.remove_data(manifest.name)
