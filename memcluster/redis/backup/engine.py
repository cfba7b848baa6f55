"""The engine's reading of an RDB file: whole, as a server would load it, without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memcluster.errors import BackupError
from memcluster.redis.backup.verify import Contents

if TYPE_CHECKING:
    from pathlib import Path


def check(path: Path) -> Contents:
    """What the file holds; BackupError says at which byte it is broken."""
    from memcluster._native import check_rdb

    try:
        report = check_rdb(path)
    except OSError as error:
        raise BackupError(f"{path}: {error.strerror or error}: the data of a snapshot cannot be read") from None
    if report.wrong is not None:
        raise BackupError(f"{path} is corrupt: {report.wrong}: restore another snapshot, and look at the disk")
    return Contents(sum(count for _, _, count in report.keys), report.checksum or "0")
