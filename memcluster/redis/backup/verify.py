"""That a file is the snapshot it is said to be: its size, its hash, and that the engine loads it whole.

A checksum alone says that bytes are the same; only loading says that they are a data set.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from memcluster.errors import BackupError
from memcluster.redis.backup.target import DATA, Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from memcluster.redis.backup.manifest import Manifest


@dataclass(frozen=True)
class Contents:
    """What an RDB file holds, as the engine found it. `crc64` is hexadecimal."""

    keys: int
    crc64: str


Check = Callable[[Path], Contents]
"""The engine's: reads a whole RDB file; BackupError says at which byte it is broken."""


@dataclass(frozen=True)
class Verified:
    """A file that was read and loaded."""

    path: Path
    keys: int
    crc64: str
    bytes: int
    sha256: str


@contextmanager
def in_target(target: Target, name: str, check: Check) -> Iterator[Verified]:
    """A snapshot's data as they lie in the target, verified: a file that is there for the length of the block."""
    if target.directory is not None:
        yield of_file(target.directory / name / DATA, check)
        return
    with tempfile.TemporaryDirectory(prefix="memcluster-snapshot-") as folder:
        path = Path(folder) / DATA
        target.fetch(name, path)
        yield of_file(path, check)


def of_file(path: Path, check: Check) -> Verified:
    """Reads and loads a file of this host."""
    try:
        with path.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        size = path.stat().st_size
    except OSError as error:
        raise BackupError(f"{path}: {error.strerror}: the snapshot has lost its data; delete it") from None
    contents = check(path)
    return Verified(path, contents.keys, contents.crc64, size, sha256)


def compare(manifest: Manifest, found: Verified) -> None:
    """BackupError if what was found is not what the manifest says."""
    if found.bytes != manifest.bytes:
        what = f"it has {found.bytes} bytes, its manifest says {manifest.bytes}"
    elif found.sha256 != manifest.sha256:
        what = f"its SHA-256 is {found.sha256}, its manifest says {manifest.sha256}"
    elif found.crc64 != manifest.crc64:
        what = f"its checksum is {found.crc64}, its manifest says {manifest.crc64}"
    else:
        return
    raise BackupError(f"snapshot {manifest.name} is corrupt: {what}: restore another one, and look at the disk")
