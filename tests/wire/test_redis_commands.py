"""What COMMAND says of every command, beside redis-server 7.0: arity, flags, keys, categories, subcommands."""

from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis

from tests.servers import Server

Row = dict[str, Any]

UNSERVED = {
    "migrate",
    "pfdebug",
    "pfselftest",
    "restore-asking",
}
"""What redis-server 7.0 has beside."""
NEWER = {
    "arity": {"zrank", "zrevrank"},
    # Blocking commands may stand in scripts, and WAIT is one.
    "flags": {"blmove", "blpop", "brpop", "brpoplpush", "wait"},
    "categories": {"wait"},
}
"""Redis 7.2 has them as here."""


def rows(server: Server) -> dict[str, Row]:
    """By name, subcommands as `client|list`."""
    with Redis(server.host, server.port, protocol=2, decode_responses=True) as client:
        client.response_callbacks.clear()
        docs = dict(documented(client.execute_command("COMMAND", "DOCS")))
        return {name: row | docs[name] for name, row in named(client.execute_command("COMMAND"))}


def named(replies: list[list[Any]]) -> Iterator[tuple[str, Row]]:
    for name, arity, flags, first, last, step, categories, _, specifications, subcommands in replies:
        yield (
            name,
            {
                "arity": arity,
                "flags": set(flags),
                "keys": (first, last, step),
                "categories": set(categories),
                "specifications": [without_notes(each) for each in specifications],
            },
        )
        yield from named(subcommands)


def without_notes(specification: list[Any]) -> list[Any]:
    return specification[2:] if specification[0] == "notes" else specification


def documented(replies: list[Any]) -> Iterator[tuple[str, Row]]:
    for name, fields in zip(replies[::2], replies[1::2], strict=True):
        told = dict(zip(fields[::2], fields[1::2], strict=True))
        yield name, {"summary": told["summary"], "since": told["since"], "group": told["group"]}
        yield from documented(told.get("subcommands", []))


@pytest.fixture(scope="module")
def theirs(redis: Server) -> dict[str, Row]:
    return rows(redis)


@pytest.fixture(scope="module")
def ours(redis_mode: Server) -> dict[str, Row]:
    return rows(redis_mode)


def test_nothing_else_is_missing(theirs: dict[str, Row], ours: dict[str, Row]) -> None:
    assert set(theirs) - set(ours) <= UNSERVED


def test_each_says_what_it_is_for(ours: dict[str, Row]) -> None:
    assert [name for name, row in ours.items() if not row["summary"].endswith(".")] == []


@pytest.mark.parametrize("what", ["arity", "flags", "keys", "categories", "specifications", "since", "group"])
def test_rows_agree(what: str, theirs: dict[str, Row], ours: dict[str, Row]) -> None:
    compared = (theirs.keys() & ours.keys()) - NEWER.get(what, set())
    differing = {name: (theirs[name][what], ours[name][what]) for name in compared}
    assert {name: pair for name, pair in differing.items() if pair[0] != pair[1]} == {}
