"""Writes docs/differences.md, the table of differences for readers: `python -m tests.wire.differential.document`."""

from pathlib import Path

from tests.wire.differential.differences import DIFFERENCES, NEWEST, Difference

DOCUMENT = Path(__file__).parents[3] / "docs" / "differences.md"
PREFACE = """\
# Where memcluster and memcached answer differently

memcluster follows memcached 1.6.45 to the byte. Random commands, valid and not, pipelined and cut anywhere, go to a
node, to the proxy over three nodes and to the real memcached, and the answers are compared, after masking CAS values,
times and what `me` says about memory. These are the differences that the comparison knows of, with the reason for each.
This page is written from the comparison's own table (tests/wire/differential/differences.py).
"""
OURS = """\
## Between memcluster and memcached

| what | where | how and why |
| --- | --- | --- |
"""
VERSIONS = """\
## Between versions of memcached

memcluster is like the newest. The second column says since which version, as far as it was looked at.

| what | since | before |
| --- | --- | --- |
"""


def document() -> str:
    ours = [row for row in DIFFERENCES if row.before == NEWEST]
    versions = sorted((row for row in DIFFERENCES if row.before != NEWEST), key=lambda row: row.before)
    return "\n".join((PREFACE, OURS + "".join(map(our_line, ours)), VERSIONS + "".join(map(version_line, versions))))


def our_line(row: Difference) -> str:
    where = " and ".join(name for name in row.servers if name != "memcached")
    return f"| {row.what} | {where} | {row.reason} |\n"


def version_line(row: Difference) -> str:
    return f"| {row.what} | {'.'.join(map(str, row.before))} | {row.reason} |\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document())
