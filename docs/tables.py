"""Writes the tables of the documentation from the rows of the code: `make docs`. A test holds them to each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from memcluster.cluster.settings import ClusterSettings
from memcluster.config import Row, Settings, rows
from memcluster.log import LogSettings
from memcluster.node.memcached_options import OPTIONS, SUBOPTIONS, Option
from memcluster.node.settings import NodeSettings, ProcessSettings
from memcluster.proxy.settings import PoolSettings, ProxySettings
from memcluster.redis.backup.settings import SnapshotSettings
from memcluster.redis.directives import Directive, Verdict
from memcluster.redis.group.settings import GroupSettings
from memcluster.redis.group.table import PlaceSettings
from memcluster.redis.served import SERVED
from memcluster.redis.unserved import UNSERVED

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent

# Title, settings, section of the environment variables, what the table is about.
SECTIONS: tuple[tuple[str, type[Settings], str, str], ...] = (
    ("cluster", ClusterSettings, "cluster", "`[cluster]` in the file of `memcluster up`."),
    ("node", NodeSettings, "node", "`[node]` in the file of `memcluster up`, flags of `memcluster node`."),
    ("process", ProcessSettings, "node", "Flags of `memcluster node`."),
    ("proxy", ProxySettings, "proxy", "`[proxy]` in the file of `memcluster proxy` or `memcluster up`."),
    (
        "pool",
        PoolSettings,
        "proxy",
        "`[[pool]]` in the file of `memcluster proxy`, `[pool]` in that of `memcluster up`.",
    ),
    ("group", GroupSettings, "group", "`[group.NAME]` in the file of `memcluster up`: how the group behaves."),
    (
        "group: where it is",
        PlaceSettings,
        "group",
        "`[group.NAME]` as well. Any other key there is a directive of Redis for the group's nodes, `_` for `-`.",
    ),
    (
        "snapshots",
        SnapshotSettings,
        "snapshots",
        "`[group.NAME.snapshots]` in the file of `memcluster up`, flags of `memcluster snapshot`.",
    ),
    ("log", LogSettings, "log", "Flags of every command that runs something."),
)

SETTINGS_HEAD = """# Settings

Written by `make docs` from the rows of the code.

A setting is read from the file (`--config`), then from the environment, then from flags; the last one wins. Sizes take
`k`, `m` and `g`, times `ms`, `s`, `m` and `h`. An error names the file, the line, the key and what to write instead.
"""

OPTIONS_HEAD = """# memcached's options

Written by `make docs` from the rows of the code.

`memcluster node` takes memcached's command line. Most options do what they do there: see the node's and the process's
tables in [settings](settings.md). Of the others, some are *ignored* with one warning, because the server still does
what is wanted of it, and some are *refused*, because starting without what was asked for would be a lie. Two defaults
are not memcached's: without `-l` a node listens on the loopback address only, and as root it runs without `-u`, with a
warning.
"""


def settings_text() -> str:
    """The whole page of settings."""
    return "\n".join([SETTINGS_HEAD, *(section(*each) for each in SECTIONS)])


def section(title: str, kind: type[Settings], variables: str, about: str) -> str:
    """One table of settings."""
    lines = [
        f"## {title}",
        "",
        about,
        "",
        "| setting | flags | environment | default | |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [_setting(row, variables) for row in rows(kind)]
    return "\n".join(lines) + "\n"


def _setting(row: Row, variables: str) -> str:
    flags = " ".join(f"`{name}`" for name in row.flag.names)
    return f"| `{row.name}` | {flags} | `{row.variable(variables)}` | {_default(row)} | {row.flag.help} |"


def _default(row: Row) -> str:
    match row.default:
        case None:
            return ""
        case bool():
            return "true; the flag makes it false" if row.flag.value is False else str(row.default).lower()
        case tuple():
            return ", ".join(row.default)
    return str(row.default)


def options_text() -> str:
    """The whole page of memcached's options."""
    return "\n".join(
        [
            OPTIONS_HEAD,
            *_options("## Options", OPTIONS, ""),
            *_options("## Extended options", SUBOPTIONS, "-o "),
        ]
    )


def _options(title: str, options: tuple[Option, ...], prefix: str) -> Iterator[str]:
    yield from (title, "", "| option | | why |", "| --- | --- | --- |")
    for option in options:
        names = " ".join(f"`{prefix}{name}`" for name in option.names)
        fine = f"; with {' or '.join(f'`{each}`' for each in option.fine)} fine" if option.fine else ""
        yield f"| {names} | {option.verdict.value}{fine} | {option.why} |"
    yield ""


REDIS_HEAD = """# Redis's directives

Written by `make docs` from the rows of the code.

`memcluster redis` takes redis-server's command line: a `redis.conf` with its quotes, memory units and `include`, then
directives as options (`--maxmemory 1gb`). A directive can also stand in the environment
(`MEMCLUSTER_REDIS_MAXMEMORY=1gb`), in the file of `memcluster up` (`[redis]`, with `_` for `-`), and in Python
(`RedisNode(maxmemory="1gb")`). One that Redis does not know is an error with file and line. Of those that are not
served, some are *ignored*, with a line in the log if they ask for something else than the default, and some are
*refused* then, because starting without what was asked for would be a lie.
"""


def directives_text() -> str:
    """The whole page of Redis's directives."""
    process = [row for row in SERVED if row.verdict is Verdict.PROCESS]
    engine = [row for row in SERVED if row.verdict is Verdict.ENGINE]
    return "\n".join(
        [
            REDIS_HEAD,
            *_directives("## Of the process", process),
            *_directives("## Of the server", engine),
            "## Not served\n\n| directive | | default | why |\n| --- | --- | --- | --- |",
            *(f"| {_names(row)} | {row.verdict.value} | {_code(row.default)} | {row.about} |" for row in UNSERVED),
            "",
        ]
    )


def _directives(title: str, directives: list[Directive]) -> Iterator[str]:
    yield from (title, "", "| directive | default | |", "| --- | --- | --- |")
    yield from (f"| {_names(row)} | {_code(row.default)} | {row.about} |" for row in directives)
    yield ""


def _names(row: Directive) -> str:
    return " ".join(f"`{name}`" for name in (row.name, *row.aliases))


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


PAGES = {"settings.md": settings_text, "memcached-options.md": options_text, "redis-options.md": directives_text}

if __name__ == "__main__":
    for name, text in PAGES.items():
        (FOLDER / name).write_text(text(), encoding="utf-8")
