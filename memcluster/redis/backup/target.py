"""Where snapshots lie: a directory of this host, or anything that fsspec opens by its URL.

    TARGET/NAME/manifest.json     what it is; written last, and put in place as a whole
    TARGET/NAME/data.rdb          what it holds
    TARGET/GROUP.running.json     who takes one of this group now, and until when: at most one at a time

Knows nothing of servers. fsspec is imported when a target is opened: a node's start does not pay for it.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 (msgspec reads the annotation)
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from memcluster.errors import BackupError
from memcluster.redis.backup import manifest as manifests
from memcluster.redis.backup.manifest import Manifest, State, check_name

if TYPE_CHECKING:
    from collections.abc import Iterator

MANIFEST = "manifest.json"
DATA = "data.rdb"
RUNNING = ".running.json"
MANIFEST_BYTES_MAX = 1 << 20


class Running(msgspec.Struct, frozen=True):
    """Who takes a snapshot of a group. `by` names the process, as no other was ever named."""

    name: str
    by: str
    deadline: datetime

    def has_ended(self, now: datetime) -> bool:
        """Whether nobody works at it any more. Of a process elsewhere only the deadline tells."""
        from memcluster.redis.group.identity import is_gone, own_name

        is_of_this_machine = self.by.partition(":")[0] == own_name().partition(":")[0]
        return now > self.deadline or (is_of_this_machine and is_gone(self.by))


@dataclass(frozen=True)
class Target:
    """An opened place. `directory`: where it is on this host, if it is here."""

    url: str
    root: str
    directory: Path | None
    files: Any
    """fsspec's AbstractFileSystem."""

    @classmethod
    def open(cls, url: str) -> Target:
        """BackupError: no such kind of place, or what it needs is not installed."""
        import fsspec

        try:
            files, root = fsspec.core.url_to_fs(url)
        except (ValueError, ImportError) as error:
            raise BackupError(f"{url}: {error}: give a directory, or a URL whose package is installed") from None
        is_here = "file" in ((files.protocol,) if isinstance(files.protocol, str) else files.protocol)
        root = root.rstrip("/") or "/"
        if is_here and Path(root).is_file():
            raise BackupError(f"{url} is a file: snapshots lie in a directory: name one")
        return cls(url, root, Path(root) if is_here else None, files)

    @property
    def place(self) -> str:
        """What opens it from anywhere on this host."""
        return self.url if self.directory is None else self.root

    # --- what there is

    def snapshots(self, group: str | None = None) -> list[Manifest]:
        """All that lie here, or one group's, the oldest first. One without a readable manifest is shown as failed."""
        with self._told("cannot be listed"):
            folders = self.files.ls(self.root, detail=True) if self.files.exists(self.root) else []
        names = [each["name"].rstrip("/").rpartition("/")[2] for each in folders if each["type"] == "directory"]
        found = [self._described(name) for name in names]
        return sorted(
            (each for each in found if group in (None, each.group)), key=lambda each: (each.created, each.name)
        )

    def manifest(self, name: str) -> Manifest:
        """One of them; BackupError if there is none of this name, or if it cannot be read."""
        check_name(name)
        with self._told(f"snapshot {name} cannot be read"):
            if not self.files.isdir(self.path(name)):
                raise BackupError(f"{self.url} has no snapshot {name}: `memcluster snapshot list` says which there are")
            content = self.files.cat_file(self.path(name, MANIFEST), end=MANIFEST_BYTES_MAX)
        return manifests.decode(content, self.path(name, MANIFEST))

    def path(self, *parts: str) -> str:
        """Where something lies, as the file system calls it."""
        return "/".join((self.root.rstrip("/"), *parts))

    def _described(self, name: str) -> Manifest:
        try:
            return self.manifest(name)
        except BackupError as error:
            return manifests.unreadable(name, str(error))

    # --- what changes it

    def begin(self, manifest: Manifest) -> None:
        """Takes the name; BackupError if another has it."""
        # An object store has no folders that could be there already: what lies in them tells.
        self.refuse_taken(manifest.name)
        with self._told(f"snapshot {manifest.name} cannot be begun"):
            self.files.makedirs(self.root, exist_ok=True)
            try:
                self.files.makedirs(self.path(manifest.name), exist_ok=False)
            except FileExistsError:
                raise self._taken(manifest.name) from None
        self.write(manifest)

    def refuse_taken(self, name: str) -> None:
        """BackupError if no new snapshot can be called so."""
        check_name(name)
        with self._told(f"snapshot {name} cannot be begun"):
            if self.files.exists(self.path(name)):
                raise self._taken(name)

    def _taken(self, name: str) -> BackupError:
        return BackupError(f"{self.url} has a snapshot {name} already: choose another name")

    def write(self, manifest: Manifest) -> None:
        """Puts a manifest in place: as a whole, and lasting before it is seen."""
        path, content = self.path(manifest.name, MANIFEST), manifests.encode(manifest)
        with self._told(f"the manifest of {manifest.name} cannot be written"):
            if self.directory is None:
                self.files.pipe_file(path, content)
            else:
                _replace(Path(path), content)

    def delete(self, name: str) -> None:
        """Removes a snapshot: its manifest first, so that what is half gone counts no more."""
        check_name(name)
        with self._told(f"snapshot {name} cannot be deleted"):
            if not self.files.isdir(self.path(name)):
                raise BackupError(f"{self.url} has no snapshot {name}: `memcluster snapshot list` says which there are")
            if self.files.exists(self.path(name, MANIFEST)):
                self.files.rm_file(self.path(name, MANIFEST))
            self.files.rm(self.path(name), recursive=True)

    def put(self, source: Path, name: str) -> None:
        """Copies a file here as a snapshot's data."""
        with self._told(f"the data of {name} cannot be written"):
            self.files.put_file(str(source), self.path(name, DATA))

    def fetch(self, name: str, destination: Path) -> None:
        """Copies a snapshot's data to a file of this host."""
        with self._told(f"the data of {name} cannot be read"):
            self.files.get_file(self.path(name, DATA), str(destination))

    def remove_data(self, name: str) -> None:
        """Removes what is left of one that failed."""
        with self._told(f"the data of {name} cannot be removed"):
            if self.files.exists(self.path(name, DATA)):
                self.files.rm_file(self.path(name, DATA))

    @contextmanager
    def running(self, group: str, name: str, deadline: datetime, now: datetime) -> Iterator[None]:
        """For the length of a block nobody else takes a snapshot of this group; BackupError if somebody does."""
        from memcluster.redis.group.identity import own_name

        path = self.path(group + RUNNING)
        self.sweep(group, now)
        with self._told(f"the snapshot of {group} cannot be begun"):
            self.files.makedirs(self.root, exist_ok=True)
            if not self._write_new(path, Running(name, own_name(), deadline)):
                other = self._claimed(path)
                raise BackupError(
                    f"a snapshot of {group} is being taken already ({other.name if other else path}): wait until it is "
                    "complete; at most one is taken at a time"
                )
        try:
            yield
        finally:
            with self._told(f"{path} cannot be removed"), suppress(FileNotFoundError):
                self.files.rm_file(path)

    def sweep(self, group: str, now: datetime) -> None:
        """Ends the claim of somebody who was gone before the snapshot was complete, and says so in its manifest."""
        path = self.path(group + RUNNING)
        with self._told(f"{path} cannot be read"):
            if not self.files.exists(path):
                return
            claim = self._claimed(path)
            if claim is not None and not claim.has_ended(now):
                return
            left = self._described(claim.name) if claim is not None else None
            # One whose manifest cannot be read is shown as failed anyway.
            if left is not None and left.state is State.CREATING:
                self.write(left.failed("whoever took it was gone before it was complete"))
                self.remove_data(left.name)
            with suppress(FileNotFoundError):
                self.files.rm_file(path)

    def _write_new(self, path: str, claim: Running) -> bool:
        """Whether nobody was faster. What appears is whole: an object store writes so, in a directory a link does."""
        content = msgspec.json.encode(claim)
        try:
            if self.directory is None:
                with self.files.open(path, "xb") as written:
                    written.write(content)
            else:
                with tempfile.NamedTemporaryFile(dir=self.directory, prefix=".claim-") as whole:
                    whole.write(content)
                    whole.flush()
                    os.link(whole.name, path)
        except FileExistsError:
            return False
        return True

    def _claimed(self, path: str) -> Running | None:
        """Who claims it; None if that cannot be read: the claimer died while it wrote."""
        try:
            return msgspec.json.decode(self.files.cat_file(path), type=Running)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """What the place raises is one line that names it."""
        try:
            yield
        except BackupError:
            raise
        except FileNotFoundError as error:
            raise BackupError(f"{self.url}: {what}: {error.filename or error} is not there") from None
        except OSError as error:
            raise BackupError(f"{self.url}: {what}: {error.strerror or error}") from None


def _replace(path: Path, content: bytes) -> None:
    """Writes a file beside its place, makes it last, moves it there, and makes that last."""
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as written:
        written.write(content)
        written.flush()
        os.fsync(written.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes what was created, moved or removed in a folder last."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
