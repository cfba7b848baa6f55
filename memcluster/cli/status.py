"""`memcluster status`: what runs, whether it answers, and how groups stand."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass

import click
from pymemcache import Client
from pymemcache.exceptions import MemcacheError

from memcluster.cli import group_status
from memcluster.cluster import information, record
from memcluster.errors import ServerError

TIMEOUT_SECONDS = 1.0


@dataclass(frozen=True)
class Answer:
    """A process of the cluster and what it said when asked."""

    name: str
    address: str
    pid: int | None
    state: str
    restarts: int
    answers_in_ms: float | None
    items: int | None
    bytes: int | None


def ask(process: record.Process) -> Answer:
    """Asks a process for its version and its counters."""
    if process.role == "redis":
        return _ask_redis(process)
    client = Client(process.address, connect_timeout=TIMEOUT_SECONDS, timeout=TIMEOUT_SECONDS, no_delay=True)
    milliseconds, counters = None, {}
    try:
        client.version()
        before = time.perf_counter()
        client.version()
        milliseconds = round((time.perf_counter() - before) * 1000, 3)
        if process.role == "node":
            counters = client.stats()
    except (OSError, MemcacheError):
        pass
    finally:
        client.close()
    items, size = counters.get(b"curr_items"), counters.get(b"bytes")
    return Answer(
        process.name, process.address, process.pid, process.state, process.restarts, milliseconds, items, size
    )


def _ask_redis(process: record.Process) -> Answer:
    """The same of a Redis-mode node."""
    milliseconds, counters = None, {}
    try:
        before = time.perf_counter()
        with suppress(ServerError):  # it answers, if only who has its password
            counters = information.counters(information.ask(process.address, TIMEOUT_SECONDS) or {})
        milliseconds = round((time.perf_counter() - before) * 1000, 3)
    except OSError:
        pass
    items, size = (int(counters[name]) if name in counters else None for name in ("curr_items", "bytes"))
    return Answer(
        process.name, process.address, process.pid, process.state, process.restarts, milliseconds, items, size
    )


@click.command()
@click.option("--port", type=int, metavar="NUM", help="the cluster whose proxy has this port, if several run")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
def command(*, port: int | None, as_json: bool) -> None:
    """Say what runs and whether it answers. Exit code 1 if something does not."""
    found = record.find(port)
    answers = [ask(process) for process in found.processes]
    groups = group_status.ask(found)
    if as_json:
        _print_json(found, answers, groups)
    else:
        _print_table(found, answers)
        for group in groups:
            group_status.show(group)
    if any(answer.answers_in_ms is None for answer in answers) or any(not group.is_well for group in groups):
        sys.exit(1)


def _print_json(found: record.Record, answers: list[Answer], groups: list[group_status.Status]) -> None:
    import json

    document = {
        "pid": found.pid,
        "port": found.port,
        "up_seconds": round(record.age_seconds(found), 1),
        "processes": [asdict(answer) for answer in answers],
        "groups": [group.said for group in groups],
    }
    click.echo(json.dumps(document, indent=2))


def _print_table(found: record.Record, answers: list[Answer]) -> None:
    from memcluster.cli.tables import console, new_table

    title = f"cluster at port {found.port}, up {record.age_seconds(found):.0f} s"
    columns = ("what", "address", "pid", "state", "restarts", "answers in", "items", "bytes")
    table = new_table(title, columns, left=("what", "address", "state"))
    for answer in answers:
        latency = "no answer" if answer.answers_in_ms is None else f"{answer.answers_in_ms:.2f} ms"
        cells = (answer.pid, answer.state, answer.restarts, latency, answer.items, answer.bytes)
        table.add_row(
            answer.name,
            answer.address,
            *("" if cell is None else str(cell) for cell in cells),
            style="red" if answer.answers_in_ms is None else "",
        )
    console().print(table)
