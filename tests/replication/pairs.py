"""Who follows whom, in tests: follow, wait until both agree, compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import redis

from tests.replication.contents import contents, differences
from tests.servers import wait_for

if TYPE_CHECKING:
    from tests.servers import Server

AGREE_SECONDS = 30.0


def client(server: Server) -> redis.Redis:
    return redis.Redis(server.host, server.port, socket_timeout=30)


def about(server: Server, section: str = "replication") -> dict[str, Any]:
    with client(server) as connection:
        found: dict[str, Any] = connection.info(section)
    return found


def follow(replica: Server, primary: Server) -> None:
    with client(replica) as connection:
        connection.replicaof(primary.host, primary.port)


def is_up(replica: Server) -> bool:
    return bool(about(replica)["master_link_status"] == "up")


def wait_until_up(replica: Server) -> None:
    try:
        wait_for(lambda: is_up(replica), "the link to be up", AGREE_SECONDS)
    except AssertionError as error:
        raise AssertionError(f"{error}: {about(replica)}") from None


def wait_until_level(replica: Server, primary: Server) -> None:
    """Until the replica has all that the primary, which nobody writes to any more, has written."""

    def is_level() -> bool:
        here, there = about(replica), about(primary)
        offset = here.get("slave_repl_offset", -1)
        return here.get("master_link_status") == "up" and bool(offset == there["master_repl_offset"])

    try:
        wait_for(is_level, "the replica to have everything", AGREE_SECONDS)
    except AssertionError as error:
        raise AssertionError(f"{error}: {about(replica)} / {about(primary)}") from None


def assert_equal(replica: Server, primary: Server) -> None:
    """Both hold the same; keys that expire while they are compared are looked at again."""
    wait_until_level(replica, primary)
    with client(replica) as one, client(primary) as other:
        found = ["never compared"]
        for _ in range(5):
            found = differences(contents(other), contents(one))
            if not found:
                return
            wait_until_level(replica, primary)
        raise AssertionError("primary / replica: " + "\n".join(found))
