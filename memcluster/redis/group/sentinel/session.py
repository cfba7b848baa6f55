"""One client of the Sentinel port: its protocol, its name, what it has subscribed to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from memcluster.redis.group.sentinel.wire import Push

if TYPE_CHECKING:
    from collections.abc import Iterator

SUBSCRIPTIONS_MAX = 256
"""Channels and patterns of one client."""


@dataclass
class Session:
    """What is remembered of a client."""

    number: int
    protocol: int = 2
    name: str = ""
    is_over: bool = False
    channels: dict[str, None] = field(default_factory=dict)
    patterns: dict[str, None] = field(default_factory=dict)

    @property
    def subscriptions(self) -> int:
        """How many there are."""
        return len(self.channels) + len(self.patterns)

    @property
    def is_listening(self) -> bool:
        """Whether only a subscriber's commands are answered, as in RESP2."""
        return self.subscriptions > 0 and self.protocol < 3

    def hears(self, channel: str, text: str) -> Iterator[Push]:
        """What of a message reaches this client: once for its channel, once for each pattern."""
        if channel in self.channels:
            yield Push(("message", channel, text))
        for pattern in self.patterns:
            if glob(pattern).fullmatch(channel):
                yield Push(("pmessage", pattern, channel, text))


@cache
def glob(pattern: str) -> re.Pattern[str]:
    """Redis's patterns: `*`, `?`, `[a-c]`, `[^x]`, and a backslash before what is to be itself."""
    found, place = "", 0
    while place < len(pattern):
        letter = pattern[place]
        if letter == "*":
            found += ".*"
        elif letter == "?":
            found += "."
        elif letter == "\\" and place + 1 < len(pattern):
            place += 1
            found += re.escape(pattern[place])
        elif letter == "[" and (end := pattern.find("]", place + 1)) > place + 1:
            inside = pattern[place + 1 : end]
            negated, inside = inside.startswith("^"), inside.removeprefix("^")
            found += f"[{'^' if negated else ''}{_set(inside)}]" if inside else re.escape(pattern[place : end + 1])
            place = end
        else:
            found += re.escape(letter)
        place += 1
    return re.compile(found, re.DOTALL)


def _set(letters: str) -> str:
    """Letters and ranges of a set; a range the wrong way round is turned."""
    found, place = "", 0
    while place < len(letters):
        if place + 2 < len(letters) and letters[place + 1] == "-":
            low, high = sorted((letters[place], letters[place + 2]))
            found += f"{re.escape(low)}-{re.escape(high)}"
            place += 3
        else:
            found += re.escape(letters[place])
            place += 1
    return found
