"""Servers of both kinds, by name."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from tests.servers import Server, start_redis, start_redis_mode

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Start = Callable[..., Server]

OURS = ("--threads", "2", "--enable-debug-command", "yes")
THEIRS = ("--enable-debug-command", "yes", "--repl-diskless-sync-delay", "0")


def start_kind(kind: str, folder: Path, *flags: str) -> Server:
    """`ours`: a node; `theirs`: a redis-server. What it writes it writes to this folder."""
    where = ("--dir", str(folder))
    return start_redis_mode(*OURS, *where, *flags) if kind == "ours" else start_redis(*THEIRS, *where, *flags)


@pytest.fixture
def begin(started: Callable[[Server], Server], tmp_path: Path) -> Start:
    """`begin("ours")`, `begin("theirs", "--flag", "value")`: a server that ends with the test."""
    numbers = itertools.count()

    def begin(kind: str, *flags: str) -> Server:
        folder = tmp_path / f"{kind}-{next(numbers)}"
        folder.mkdir()
        return started(start_kind(kind, folder, *flags))

    return begin
