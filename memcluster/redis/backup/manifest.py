"""What is known of one snapshot: the file manifest.json beside its data.

    creating ──data is in the target, verified by loading──> complete
        └──anything else─────────────────────────────────> failed (no data; says why)

Only a complete one counts: its manifest is written last. Knows no place and no server.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import Enum

import msgspec

from memcluster.errors import BackupError

FORMAT = 1
NAME_CHARACTERS_MAX = 128
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Kind(Enum):
    """Why it was taken."""

    MANUAL = "manual"
    SCHEDULED = "scheduled"
    FINAL = "final"


class State(Enum):
    """How far it is."""

    CREATING = "creating"
    COMPLETE = "complete"
    FAILED = "failed"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One snapshot. `bytes` is the file's size, `crc64` the checksum that ends an RDB file, `offset` the log's."""

    format: int = FORMAT
    name: str
    group: str
    kind: Kind
    state: State
    created: datetime
    deadline: datetime
    """Until when it may be creating: after it, whoever took it is gone."""
    node: str = ""
    role: str = ""
    epoch: int = 0
    offset: int = 0
    keys: int = 0
    bytes: int = 0
    crc64: str = ""
    sha256: str = ""
    engine_version: str = ""
    durability: str = ""
    error: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether it can be restored."""
        return self.state is State.COMPLETE

    def failed(self, why: str) -> Manifest:
        """The same, given up."""
        return msgspec.structs.replace(self, state=State.FAILED, error=why)

    def seen_at(self, now: datetime) -> Manifest:
        """The same as it is to be understood now: one that takes too long has failed."""
        if self.state is State.CREATING and now > self.deadline:
            return self.failed(f"whoever took it was gone before it was complete ({self.deadline:%Y-%m-%d %H:%M} UTC)")
        return self


def encode(manifest: Manifest) -> bytes:
    """The file."""
    return msgspec.json.format(msgspec.json.encode(manifest)) + b"\n"


def decode(content: bytes, where: str) -> Manifest:
    """Reads the file; BackupError says where it stands and what is wrong with it."""
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BackupError(f"{where}: {error}: the snapshot cannot be trusted; delete it and take another") from None
    if manifest.format > FORMAT:
        raise BackupError(
            f"{where}: format {manifest.format} is newer than this memcluster ({FORMAT}): take a newer one"
        )
    return manifest


def unreadable(name: str, why: str) -> Manifest:
    """What is shown of a snapshot that has no manifest, or none that can be read."""
    never = datetime.fromtimestamp(0, UTC)
    return Manifest(name=name, group="", kind=Kind.MANUAL, state=State.FAILED, created=never, deadline=never, error=why)


def begun(name: str, group: str, kind: Kind, now: datetime, timeout_seconds: float) -> Manifest:
    """A new one."""
    check_name(name)
    return Manifest(
        name=name,
        group=group,
        kind=kind,
        state=State.CREATING,
        created=now,
        deadline=now + timedelta(seconds=timeout_seconds),
    )


def check_name(name: str) -> None:
    """A name becomes a folder's: BackupError if it cannot."""
    if not NAME.fullmatch(name) or len(name) > NAME_CHARACTERS_MAX or name.endswith(".json"):
        raise BackupError(
            f"{name!r} cannot name a snapshot: write letters, digits, `.`, `_` and `-`, "
            f"at most {NAME_CHARACTERS_MAX}, the first a letter or a digit"
        )


def name_of_scheduled(group: str, now: datetime) -> str:
    """What a scheduled one of this time is called."""
    return f"{group}-scheduled-{now:%Y%m%d-%H%M%S}"
