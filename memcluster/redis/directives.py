"""Redis's directives: a row each, with what becomes of it, its default and why.

*Served* ones do here what they do in Redis; the node's process or the engine reads them. *Ignored* ones are taken, with
a log line if they ask for something else than the default, where the server still does what is wanted of it. *Refused*
ones, unless they ask for what is anyway, end the start: serving without a replica, a log or TLS that was asked for
would be a lie. The rows stand in served.py and unserved.py; this file knows what a row is.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Verdict(Enum):
    """What becomes of a directive."""

    PROCESS = "served by the process"
    ENGINE = "served"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(frozen=True)
class Directive:
    """One directive. `fine`: values besides the default that change nothing, so nothing is said."""

    name: str
    verdict: Verdict
    default: str
    about: str
    aliases: tuple[str, ...] = ()
    fine: tuple[str, ...] = ()

    @property
    def is_served(self) -> bool:
        """Whether it does here what it says."""
        return self.verdict in (Verdict.PROCESS, Verdict.ENGINE)

    def changes_nothing(self, value: str) -> bool:
        """Whether this value asks for what is so anyway."""
        return value.lower() in (self.default.lower(), *self.fine)


@cache
def by_name() -> Mapping[str, Directive]:
    """Every directive by each of its names."""
    from memcluster.redis.served import SERVED
    from memcluster.redis.unserved import UNSERVED

    return {name: row for row in (*SERVED, *UNSERVED) for name in (row.name, *row.aliases)}


def near(name: str) -> str:
    """What to say of a name that is no directive."""
    found = difflib.get_close_matches(name, [name for name, row in by_name().items() if row.is_served], n=1)
    return f"did you mean {found[0]}?" if found else "see docs/redis-options.md for those there are"
