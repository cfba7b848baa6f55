"""Writes docs/redis-differences.md for readers: `python -m tests.wire.redis_differential.document`."""

from pathlib import Path

from tests.wire.redis_differential.differences import DIFFERENCES, Difference

DOCUMENT = Path(__file__).parents[3] / "docs" / "redis-differences.md"
PREFACE = """\
# Where Redis mode and Redis answer differently

Redis mode follows Redis 7.2 to the byte. Random commands of all types, valid and not, transactions and scripts, in
RESP2 and RESP3, pipelined and cut anywhere, go to a node and to redis-server 7.0, and the answers are compared: byte
for byte where they are determined, as sets where Redis has no order, by their shape where chance decides. These are
the differences that the comparison knows of, with the reason for each. This page is written from the comparison's own
table (tests/wire/redis_differential/differences.py). Directives have [a page of their own](redis-options.md).
"""
OURS = "## Between Redis mode and Redis\n"
VERSIONS = "## Between Redis 7.0 and Redis 7.2\n\nRedis mode is like the newer.\n"
TABLE = "\n| what | how and why |\n| --- | --- |\n"


def document() -> str:
    return "\n".join(
        (
            PREFACE,
            OURS + TABLE + rows(is_of_version=False),
            VERSIONS + TABLE + rows(is_of_version=True),
        )
    )


def rows(*, is_of_version: bool) -> str:
    return "".join(line(row) for row in DIFFERENCES if row.is_of_version is is_of_version)


def line(row: Difference) -> str:
    return f"| {row.what} | {row.reason} |\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document())
