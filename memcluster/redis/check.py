"""What files of Redis's hold, and where they are broken: read through by the engine, nothing is loaded.

An RDB file; a log's manifest, with all files that it names; or one file of a log.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memcluster._native import check_log as look_through_log
from memcluster._native import check_rdb as look_through_rdb
from memcluster._native import read_manifest
from memcluster.errors import NodeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from memcluster._native import RdbReport

MAGICS = (b"REDIS", b"VALKEY")
LOG, MANIFEST = ".aof", ".manifest"


@dataclass(frozen=True)
class Checked:
    """A file that was looked through."""

    lines: tuple[str, ...]
    """What it holds, for people."""
    wrong: str | None
    """Where it is broken and how, if it is."""


def check(path: Path) -> Iterator[Checked]:
    """Looks through the file at this path, and those that it names; NodeError if one is none of Redis's."""
    try:
        beginning = _beginning(path)
        if path.suffix == MANIFEST:
            yield from _manifest(path)
        elif path.suffix == LOG or beginning[:1] in (b"*", b"#"):
            yield _log(path)
        elif not beginning or any(beginning.startswith(magic) for magic in MAGICS):
            report = look_through_rdb(path)
            yield Checked((f"{path}: {_title(report)}, {report.bytes} bytes", *_contents(report)), report.wrong)
        else:
            raise NodeError(f"{path}: this is neither an RDB file nor a log of Redis's nor a log's manifest")
    except OSError as error:
        raise NodeError(f"{path}: {error.strerror or error}: name a file that can be read") from None


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(max(map(len, MAGICS)))


def _manifest(path: Path) -> Iterator[Checked]:
    try:
        names = read_manifest(path)
    except ValueError as error:
        yield Checked((f"{path}: manifest",), str(error))
        return
    yield Checked((f"{path}: manifest of {len(names)} files",), None)
    for name in names:
        part = path.parent / name
        yield _log(part) if part.exists() else Checked((f"{part}:",), "the manifest names it, but it is not there")


def _log(path: Path) -> Checked:
    report = look_through_log(path)
    lines = [f"{path}: log, {report.bytes} bytes"]
    if report.snapshot:
        lines += [f"  begins with {_title(report.snapshot)}", *_contents(report.snapshot)]
    lines.append(f"  {report.commands} commands, {report.marks} marks")
    if report.position:
        stream, offset, epoch = report.position
        lines.append(f"  up to offset {offset} of stream {stream}, epoch {epoch}")
    if report.marks and report.unmarked:
        lines.append(f"  {report.unmarked} bytes behind the last mark, which no checksum covers")
    return Checked(tuple(lines), report.wrong)


def _title(report: RdbReport) -> str:
    if not report.version:
        return "RDB of no version that is known"
    return f"RDB of {'Valkey' if report.is_valkey else 'Redis'}'s version {report.version}"


def _contents(report: RdbReport) -> Iterator[str]:
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
