"""How the verbs that talk to a supervisor find it, and what they share in what they print."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

import click

from memcluster.cluster import control, record
from memcluster.errors import MemclusterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

F = TypeVar("F", bound="Callable[..., Any]")


def port_option(function: F) -> F:
    """Gives a command --port."""
    return click.option("--port", type=int, metavar="NUM", help="the cluster of this port, if several run")(function)


def ask(
    port: int | None, name: str, timeout_seconds: float | None = None, *, instead: str = "", **parameters: Any
) -> Iterator[Any]:
    """What the supervisor of the running cluster answers about its groups; `instead`: what does without one."""
    found = record.find(port, instead)
    if not found.groups:
        raise MemclusterError(record.NO_GROUP)
    return control.ask(record.control_path(found.port), name, timeout_seconds, **parameters)


def event_line(event: dict[str, Any]) -> str:
    """An event in a line: when, where, what, and the sentence."""
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(event["at"]))
    milliseconds = int(event["at"] * 1000) % 1000
    return f"{at}.{milliseconds:03} {event['group']} {event['name']}: {event['sentence']}"
