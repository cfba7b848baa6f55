"""The exception tree: a message says what is wrong, where, and what to do.

MemclusterError
├── ConfigError     a file, a flag or an environment variable: names the file, the line, the key and the fix
├── NodeError       a server on this host that cannot start, or ended by itself
├── StoreError      the state store does not answer, or has no longer what was asked for
├── ServerError     a server that does not answer, or refuses what it was asked: names the server and the question
├── BackupError     a snapshot that cannot be taken, is broken, or is not there: names it and what to do
└── MigrationError  a step of a migration that would lose or mix data: says what stands in the way
"""

from __future__ import annotations


class MemclusterError(Exception):
    """What memcluster raises on purpose; its text is for people."""


class ConfigError(MemclusterError):
    """A setting that cannot be: the text names where it stands and how to put it right."""


class NodeError(MemclusterError):
    """A server that cannot start or ended by itself."""


class StoreError(MemclusterError):
    """The state store cannot do what was asked; its kinds stand in its contract."""


class ServerError(MemclusterError):
    """A server that does not answer, or refuses what it was asked."""


class BackupError(MemclusterError):
    """A snapshot that cannot be taken, is broken, or is not there."""


class MigrationError(MemclusterError):
    """A step of a migration that cannot be taken now."""
