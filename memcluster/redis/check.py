"""What a file of Redis's holds, and where it is broken: read through by the engine, nothing is loaded."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memcluster.errors import NodeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from memcluster._native import RdbReport

MAGICS = (b"REDIS", b"VALKEY")


@dataclass(frozen=True)
class Checked:
    """A file that was looked through."""

    lines: tuple[str, ...]
    """What it holds, for people."""
    wrong: str | None
    """Where it is broken and how, if it is."""


def check(path: Path) -> Checked:
    """Looks through the file at this path; NodeError if it cannot be read or is none of Redis's."""
    try:
        with path.open("rb") as file:
            beginning = file.read(9)
    except OSError as error:
        raise NodeError(f"{path}: {error.strerror}: name a file that there is") from None
    if beginning and not any(beginning.startswith(magic[: len(beginning)]) for magic in MAGICS):
        raise NodeError(f"{path}: this is no RDB file: it begins neither with REDIS nor with VALKEY")
    return check_rdb(path)


def check_rdb(path: Path) -> Checked:
    """The same for a file that is taken for an RDB file."""
    from memcluster._native import check_rdb as look_through

    try:
        report = look_through(path)
    except OSError as error:
        raise NodeError(f"{path}: {error}") from None
    return Checked(tuple(_lines(path, report)), report.wrong)


def _lines(path: Path, report: RdbReport) -> Iterator[str]:
    owner = "Valkey's" if report.is_valkey else "Redis's"
    yield f"{path}: RDB of {owner} version {report.version}, {report.bytes} bytes"
    for name, value in report.aux:
        yield f"  {name}: {value}"
    kinds: dict[int, list[str]] = defaultdict(list)
    sums: dict[int, int] = defaultdict(int)
    for database, kind, count in report.keys:
        kinds[database].append(f"{count} {kind}")
        sums[database] += count
    for database, expiring in report.expiring:
        yield f"  database {database}: {sums[database]} keys ({', '.join(kinds[database])}), {expiring} of them expire"
    if not kinds:
        yield "  no keys"
    for what, count in report.passed:
        yield f"  {what}: {count}, passed over when it is loaded"
    if report.wrong is None:
        yield (
            f"  checksum {report.checksum}: right" if report.checksum else "  no checksum: whoever wrote it left it out"
        )
