"""Out of the target: a complete snapshot becomes a plain RDB file, after it was verified once more.

The same file seeds a new group, or any server that reads RDB files. A file that is there is never overwritten.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from memcluster.errors import BackupError
from memcluster.redis.backup import verify
from memcluster.redis.backup.target import sync_folder
from memcluster.redis.group import members

if TYPE_CHECKING:
    from pathlib import Path

    from memcluster.redis.backup.manifest import Manifest
    from memcluster.redis.backup.target import Target
    from memcluster.redis.backup.verify import Check
    from memcluster.redis.group.table import GroupTable


def export(target: Target, name: str, destination: Path, check: Check) -> Manifest:
    """Writes a snapshot's data to a file; BackupError if it is not complete, is corrupt, or the file is there."""
    manifest = target.manifest(name)
    if not manifest.is_complete:
        why = f" ({manifest.error})" if manifest.error else ""
        raise BackupError(f"snapshot {name} is {manifest.state.value}{why}: only complete ones can be restored")
    with verify.in_target(target, name, check) as found:
        verify.compare(manifest, found)
        place(found.path, destination)
    return manifest


def place(source: Path, destination: Path) -> None:
    """Copies a file to where nothing is: as a whole, and lasting."""
    fresh = destination.with_name(f".{destination.name}.new")
    try:
        with source.open("rb") as content, fresh.open("wb") as copy:
            shutil.copyfileobj(content, copy, 1 << 20)
            copy.flush()
            os.fsync(copy.fileno())
        # A link, unlike a renaming, does not replace what is there.
        os.link(fresh, destination)
        sync_folder(destination.parent)
    except FileExistsError:
        raise BackupError(f"{destination} is there already: name another file, or move it away") from None
    except OSError as error:
        raise BackupError(f"{destination}: {error.strerror}: name a place that can be written") from None
    finally:
        fresh.unlink(missing_ok=True)


def seed(target: Target, name: str, table: GroupTable, check: Check) -> Manifest:
    """Writes a snapshot where a group that has no data yet begins with it; BackupError if it has some."""
    folder = members.place(table)
    if members.has_data(folder):
        raise BackupError(f"[group.{table.name}]: {folder} holds data: restore into a new group, with a dir of its own")
    if table.places.seed:
        raise BackupError(f"[group.{table.name}] has a seed already, {table.places.seed}: leave it out, or use another")
    if (folder / members.SEED).exists():
        raise BackupError(
            f"[group.{table.name}] begins with a snapshot already, and has not been started since: remove "
            f"{folder / members.SEED} to restore another one"
        )
    try:
        folder.mkdir(mode=members.FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise BackupError(f"[group.{table.name}]: dir {folder}: {error.strerror}: name a folder of yours") from None
    return export(target, name, folder / members.SEED, check)
