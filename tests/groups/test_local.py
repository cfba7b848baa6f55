"""A group inside this process, as the fixture `redis_group` hands it out: it fails over, switches over, heals."""

import pytest
from redis import Redis
from redis.sentinel import Sentinel

from memcluster.errors import MemclusterError
from memcluster.redis.group.local import RedisGroup


def test_a_primary_that_is_killed_is_replaced_and_returns_as_a_replica(redis_group: RedisGroup) -> None:
    before = redis_group.primary
    with Redis(redis_group.host, redis_group.port) as client:
        assert client.set("a", "1")
        redis_group.kill(before)
        assert client.get("a") == b"1"
        assert client.set("b", "2")
        assert redis_group.primary != before
        redis_group.revive(before)
        redis_group.wait_until_whole()
        redis_group.kill(redis_group.primary)
        assert client.mget("a", "b") == [b"1", b"2"]
    assert [event.kind for event in redis_group.events()].count("primary") == 3


def test_sentinel_and_readers_follow(redis_group: RedisGroup) -> None:
    finder = Sentinel([(redis_group.host, redis_group.sentinel_port)])
    with finder.sentinels[0]:
        before = finder.discover_master(redis_group.name)
        redis_group.switch_over()
        redis_group.wait_until_whole()
        assert before in finder.discover_slaves(redis_group.name)
        assert finder.discover_master(redis_group.name) != before
    with Redis(redis_group.host, redis_group.reader_port) as reader:
        assert reader.info("replication")["role"] == "slave"


def test_what_it_cannot_do_is_said() -> None:
    group = RedisGroup(replicas=0, request_timeout="500ms")
    with pytest.raises(MemclusterError, match="does not run"):
        group.events()
    with group:
        with pytest.raises(MemclusterError, match="did not come about"):
            group.switch_over()
        assert group.primary == "group-1"
        assert group.url.startswith("redis://127.0.0.1:")
