"""What a replica that belongs to no group says of its link to a redis-server that is slow, ends, and is there again."""

from collections.abc import Callable

from tests.replication.pairs import client
from tests.servers import Server, start_redis, wait_for

Begin = Callable[..., Server]
Keep = Callable[[Server], Server]
KEYS = 20_000
MICROSECONDS_A_KEY = 150
"""So that a full synchronisation is long enough to be seen: a node looks each second."""


def test_a_link_that_comes_goes_and_comes_again(begin: Begin, started: Keep) -> None:
    primary = begin("theirs", "--rdb-key-save-delay", str(MICROSECONDS_A_KEY))
    with client(primary) as connection:
        connection.execute_command("DEBUG", "POPULATE", KEYS)
    replica = begin("ours", "--replicaof", primary.host, str(primary.port))
    who, link = f" redis {replica.port}: ", f"the link to the primary {primary.endpoint} is"

    def lines(of: str) -> list[str]:
        found = [line.split(" ", 2)[2] for line in replica.says().splitlines() if of in line]
        return [line.replace(who, " ") for line in found]

    wait_for(lambda: lines(link), "the link to be said to be up")
    assert lines(link) == [f"INFO {link} up"]
    assert lines("synchronisation") == [
        f"INFO full synchronisation: all data comes from the primary {primary.endpoint}"
    ]
    primary.kill()
    wait_for(lambda: len(lines(link)) == 2, "the link to be said to be down")
    assert lines(link)[1].startswith(f"WARNING {link} down, it is tried again: ")
    started(start_redis("--enable-debug-command", "yes", port=primary.port))
    wait_for(lambda: len(lines(link)) == 3, "the link to be said to be up again")
    assert lines(link)[2] == f"WARNING {link} up"
    with client(replica) as connection:
        connection.replicaof("NO", "ONE")
    wait_for(lambda: lines("no primary is followed any more"), "the end of it")
    assert len(lines(link)) == 3
