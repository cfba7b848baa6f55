"""The steps of a migration: each looks at both servers, refuses what would lose or mix data, then gives its orders.

No state is kept but the servers' own: a step can be taken from any shell, and taken again.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memcluster.cluster.address import split
from memcluster.errors import MigrationError, ServerError
from memcluster.redis import resp
from memcluster.redis.client import Client, Login
from memcluster.redis.migration.judgement import Phase, Progress, obstacles, progress
from memcluster.redis.migration.sides import Side, look

if TYPE_CHECKING:
    from collections.abc import Callable

POLL_SECONDS = 0.02
PAUSE_SPARE_SECONDS = 15.0
"""How much longer the source is held than we wait: nothing may be written between the last look and the promotion.

A group takes some seconds to promote its node. Then it is the time to point clients elsewhere.
"""


@dataclass(frozen=True)
class Ends:
    """The two servers of a migration, and who asks them. `login` is ours, `source_login` is known to the source."""

    source: str
    target: str
    source_login: Login
    login: Login

    def at_source(self) -> Client:
        """Connects to where the data are."""
        return Client(self.source, self.source_login)

    def at_target(self) -> Client:
        """Connects to where they go."""
        return Client(self.target, self.login)


def test(ends: Ends, *, replaces: bool) -> tuple[Side, Side]:
    """Looks whether it can begin; MigrationError says all that stands in the way."""
    with ends.at_source() as source, ends.at_target() as target:
        sides = look(source), look(target)
        found = obstacles(*sides, _databases(target), replaces=replaces)
        # Whoever may not ask for the stream learns it now, and not from a link that stays down.
        refusal = source.try_to_ask("REPLCONF", "capa", "eof")
        if isinstance(refusal, resp.Refusal) and refusal.code in ("NOAUTH", "NOPERM"):
            found.append(f"the source refuses to replicate to us ({refusal.text}): name a user that may")
    if found:
        raise MigrationError(f"{ends.target} cannot follow {ends.source}: " + "; ".join(found))
    return sides


def start(ends: Ends, *, replaces: bool) -> None:
    """Makes the target a replica of the source: what it held goes."""
    test(ends, replaces=replaces)
    host, port = split(ends.source)
    with ends.at_target() as target:
        target.ask("CONFIG", "SET", "masteruser", ends.source_login.user or "")
        target.ask("CONFIG", "SET", "masterauth", ends.source_login.password or "")
        target.ask("REPLICAOF", host, port)


def status(target: Client, source_login: Login) -> Progress:
    """How far it is; that the source does not answer is a state, and no error."""
    before = look(target)
    if not before.primary:
        return progress(None, before)
    source: Side | None = None
    with suppress(ServerError), Client(before.primary, source_login) as client:
        source = look(client)
    return progress(source, look(target))


def detach(target: Client) -> None:
    """Makes the target a primary: it follows nobody any more."""
    target.ask("REPLICAOF", "NO", "ONE")


def complete(
    target: Client,
    source_login: Login,
    *,
    wait_seconds: float,
    pauses: bool,
    promote: Callable[[Client], object] = detach,
) -> Progress:
    """Waits until the target has everything, then makes it a primary; MigrationError if it does not catch up.

    With `pauses` the source takes no writes from before the last look until after the promotion, which for a member of
    a group is the group's own.
    """
    found = _following(target, source_login)
    with Client(found.source, source_login) as source:
        if pauses:
            source.ask("CLIENT", "PAUSE", round((wait_seconds + PAUSE_SPARE_SECONDS) * 1000), "WRITE")
        try:
            found = _wait(target, source, wait_seconds)
            promote(target)
        except BaseException:
            if pauses:
                with suppress(ServerError):
                    source.ask("CLIENT", "UNPAUSE")
            raise
    return found


def stop(target: Client, promote: Callable[[Client], object] = detach) -> Side:
    """Ends it where it is: the target keeps what it has and is a primary; what it was is returned."""
    before = look(target)
    if before.role != "replica":
        raise MigrationError(f"{target.address} follows nobody: there is no migration to stop")
    promote(target)
    return before


def _following(target: Client, source_login: Login) -> Progress:
    found = status(target, source_login)
    if found.phase is Phase.NONE:
        raise MigrationError(f"{target.address} follows nobody: begin with `memcluster migrate start`")
    if found.phase is not Phase.FOLLOWING:
        raise MigrationError(
            f"{target.address} is {found.phase.value} (link {found.link}): wait until `memcluster migrate status` says "
            "following"
        )
    if found.lag_bytes is None:
        raise MigrationError(f"{found.source} does not answer: nobody knows whether {target.address} has all it wrote")
    return found


def _wait(target: Client, source: Client, wait_seconds: float) -> Progress:
    deadline = time.monotonic() + wait_seconds
    while True:
        # The source first: what it says then, the target has if it is as far.
        found = progress(look(source), look(target))
        if found.has_caught_up:
            return found
        if found.phase is not Phase.FOLLOWING:
            raise MigrationError(f"the link to {found.source} broke ({found.phase.value}): wait, then complete again")
        if time.monotonic() > deadline:
            raise MigrationError(
                f"{target.address} is {found.lag_bytes} bytes behind after {wait_seconds:g} s, its replicas "
                f"{found.replica_lag_bytes} more: complete when less is "
                "written, give --wait longer, or hold the writers with --pause-source"
            )
        time.sleep(POLL_SECONDS)


def _databases(target: Client) -> int:
    return int(resp.text(resp.mapping(target.ask("CONFIG", "GET", "databases"))["databases"]))
