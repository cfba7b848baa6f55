"""A group inside this process: killed, revived and switched over, it keeps what was acknowledged."""

import itertools

import redis

from memcluster.redis.group.local import RedisGroup


def test_what_was_acknowledged_outlives_its_primary() -> None:
    with RedisGroup(replicas=1, durability="sync:1") as group:
        first = group.primary
        with redis.Redis(group.host, group.port) as client:
            client.set("greeting", "hello")
        group.kill(first)
        second = group.wait_for(lambda: group.primary if group.primary != first else None, "another primary")
        # What one node alone has is not confirmed: it is read once another holds it, too.
        group.revive(first)
        group.wait_until_whole()
        with redis.Redis(group.host, group.port) as client:
            assert client.get("greeting") == b"hello"
        group.switch_over(first)
        assert group.primary == first != second
        with redis.Redis(group.host, group.port) as client:
            assert client.get("greeting") == b"hello"
        elected = (event.node for event in group.events() if event.kind == "primary")
        # Who loses the lease because the machine had no time for it is elected again: still the same.
        assert [node for node, _ in itertools.groupby(elected)] == [first, second, first]
