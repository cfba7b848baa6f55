"""The tables of the embedded store's file, and how it is opened. Knows nothing of what they mean."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

from memcluster.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

VERSION = 1
HISTORY_MAX = 250
"""So many revisions' changes at least, and twice as many at most, are kept for those who watch."""

TABLES = """
CREATE TABLE numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
INSERT INTO numbers VALUES ('revision', 0), ('forgotten', 0);
CREATE TABLE entries (
    key TEXT PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL, lease INTEGER NOT NULL
) STRICT;
CREATE TABLE leases (
    id INTEGER PRIMARY KEY AUTOINCREMENT, ttl REAL NOT NULL, ends REAL NOT NULL, boot TEXT NOT NULL
) STRICT;
CREATE TABLE changes (key TEXT NOT NULL, value BLOB, revision INTEGER NOT NULL, lease INTEGER NOT NULL) STRICT;
CREATE INDEX changes_by_revision ON changes (revision);
"""


def connect(path: Path, timeout_seconds: float) -> sqlite3.Connection:
    """The file, made if it is not there: readable by its owner only, with its changes in a log beside it (WAL)."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(path, timeout=timeout_seconds, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise ConfigError(f"{path}: {error}: name a state file that can be written") from None
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in TABLES.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.commit()
    except sqlite3.OperationalError as error:
        connection.close()
        raise ConfigError(f"{path}: {error}: make room for the state there, or name another place") from None
    except sqlite3.Error as error:
        connection.close()
        raise ConfigError(f"{path}: {error}: this is no state file of memcluster; name another") from None
    if version > VERSION:
        connection.close()
        raise ConfigError(f"{path} was written by a newer memcluster (version {version}): use that one")
    return connection


def after_prefix(prefix: str) -> str:
    """The first key behind all that begin so."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)
