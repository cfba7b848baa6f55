"""What a primary and a replica answer to clients, as redis-server answers it."""

from __future__ import annotations

import signal
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest
import redis

from tests.replication.pairs import about, assert_equal, client, follow, wait_until_level, wait_until_up
from tests.servers import Server, find_peer, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.replication.conftest import Start

KINDS = ["ours", "theirs"]
"""The same is asked of both: what is expected is what redis-server does."""


def refusal(connection: redis.Redis, *words: str) -> str:
    with pytest.raises(redis.ResponseError) as caught:
        connection.execute_command(*words)
    code = {redis.ReadOnlyError: "READONLY ", redis.BusyLoadingError: "LOADING "}.get(type(caught.value), "")
    return code + str(caught.value)


def pair(begin: Start, kind: str, *flags: str) -> tuple[Server, Server]:
    source, copy = begin("ours", *flags), begin(kind, *flags)
    follow(copy, source)
    wait_until_up(copy)
    return source, copy


@pytest.mark.parametrize("kind", KINDS)
def test_clients_may_only_read_from_a_replica(begin: Start, kind: str) -> None:
    source, copy = pair(begin, kind)
    with client(source) as writer, client(copy) as reader:
        writer.set("a", "1")
        writer.wait(1, 5000)
        assert reader.get("a") == b"1"
        assert refusal(reader, "SET", "a", "2").startswith("READONLY You can't write against a read only replica.")
        assert "READONLY" in refusal(reader, "EVAL", "return redis.call('SET', KEYS[1], 1)", "1", "a")
        assert reader.eval("return redis.call('GET', KEYS[1])", 1, "a") == b"1"
        pipe = reader.pipeline(transaction=True)
        pipe.get("a").set("a", "3")
        with pytest.raises(redis.RedisError):
            pipe.execute()
        assert refusal(reader, "WAIT", "1", "1").startswith("WAIT cannot be used with replica instances.")
        assert refusal(reader, "FAILOVER") == "FAILOVER is not valid when server is a replica."
        assert reader.execute_command("ROLE")[:2] == [b"slave", source.host.encode()]
        assert reader.execute_command("ROLE")[3] == b"connected"
        assert reader.execute_command("REPLICAOF", source.host, source.port).startswith(b"OK Already connected")
        reader.config_set("replica-read-only", "no")
        assert reader.set("own", "1")
        assert writer.get("own") is None


@pytest.mark.parametrize("kind", KINDS)
def test_what_has_expired_is_hidden_by_a_replica_and_removed_by_its_primary(begin: Start, kind: str) -> None:
    source, copy = pair(begin, kind)
    with client(source) as writer, client(copy) as reader:
        writer.execute_command("DEBUG", "SET-ACTIVE-EXPIRE", "0")
        writer.set("a", "1", px=50)
        writer.rpush("l", 1, 2)
        writer.pexpire("l", 50)
        writer.wait(1, 5000)
        wait_for(lambda: reader.get("a") is None and reader.exists("l") == 0, "the keys to be hidden")
        assert reader.dbsize() == 2
        assert (reader.ttl("a"), reader.type("l"), reader.lrange("l", 0, -1)) == (-2, b"none", [])
        assert reader.keys("*") == []
        # The primary's commands see the key as the primary does.
        writer.execute_command("DEBUG", "SET-ACTIVE-EXPIRE", "1")
        wait_for(lambda: reader.dbsize() == 0, "the keys to be removed")


@pytest.mark.parametrize("kind", KINDS)
def test_old_data_is_shown_or_not_while_the_primary_is_away(begin: Start, kind: str) -> None:
    source, copy = pair(begin, kind, "--replica-serve-stale-data", "no")
    with client(source) as writer, client(copy) as reader:
        writer.set("a", "1")
        writer.wait(1, 5000)
        assert reader.get("a") == b"1"
        source.kill()
        wait_for(lambda: about(copy)["master_link_status"] == "down", "the link to be down")
        with pytest.raises(redis.exceptions.MasterDownError):
            reader.get("a")
        assert reader.config_set("replica-serve-stale-data", "yes")
        assert reader.get("a") == b"1"


@pytest.mark.parametrize("kind", KINDS)
def test_waiting_for_copies(begin: Start, kind: str) -> None:
    source, copy = pair(begin, kind)
    with client(source) as writer:
        assert writer.wait(0, 100) == 1, "nothing to be waited for"
        writer.set("a", "1")
        assert writer.wait(1, 5000) == 1
        copy.freeze()
        writer.set("a", "2")
        assert writer.wait(1, 100) == 0, "time is up"
        pipe = writer.pipeline(transaction=True)
        pipe.set("a", "3").execute_command("WAIT", 1, 0)
        assert pipe.execute() == [True, 0], "nobody waits in a transaction"
        answers: list[int] = []
        waiting = threading.Thread(target=lambda: answers.append(writer.wait(1, 0)))
        waiting.start()
        with client(source) as other:
            wait_for(lambda: other.info("clients")["blocked_clients"] == 1, "it to wait")
            copy.signal(signal.SIGCONT)
        waiting.join(10)
        assert answers == [1]
        assert refusal(writer, "WAIT", "x", "1") == "value is not an integer or out of range"
        assert refusal(writer, "WAIT", "1", "-1") == "timeout is negative"
        assert "appendonly is disabled" in refusal(writer, "WAITAOF", "1", "0", "10")
        assert writer.execute_command("WAITAOF", 0, 0, 10) == [0, 0]


def test_waiting_for_disks(begin: Start) -> None:
    logged = ("--appendonly", "yes", "--appendfsync", "everysec")
    source, copy = pair(begin, "ours", *logged)
    with client(source) as writer:
        wait_for(lambda: about(copy, "persistence")["aof_rewrite_in_progress"] == 0, "the replica's log to have a base")
        writer.set("a", "1")
        assert writer.execute_command("WAITAOF", 1, 1, 5000) == [1, 1]
        copy.freeze()
        writer.set("a", "2")
        assert writer.execute_command("WAITAOF", 1, 0, 5000) == [1, 0]
        assert writer.execute_command("WAITAOF", 1, 1, 100) == [1, 0], "its own disk only"
        copy.signal(signal.SIGCONT)


@pytest.mark.parametrize("kind", KINDS)
def test_who_waits_for_a_stream_at_a_replica_is_served(begin: Start, kind: str) -> None:
    source, copy = pair(begin, kind)
    found: list[object] = []

    def wait() -> None:
        with client(copy) as connection:
            found.append(connection.xread({"x": "$"}, block=10_000))

    waiting = threading.Thread(target=wait)
    waiting.start()
    with client(source) as writer, client(copy) as reader:
        wait_for(lambda: reader.info("clients")["blocked_clients"] == 1, "it to wait")
        writer.xadd("x", {"f": "v"}, id="1-1")
        waiting.join(10)
    assert found == [[[b"x", [(b"1-1", {b"f": b"v"})]]]]


@pytest.mark.parametrize("kind", KINDS)
def test_writes_need_as_many_replicas_as_are_asked_for(begin: Start, kind: str) -> None:
    source, copy = pair(begin, kind, "--min-replicas-to-write", "1", "--min-replicas-max-lag", "1")
    with client(source) as writer:
        wait_for(lambda: attempt(writer, "SET", "a", "1") == "", "writes to be taken")
        copy.freeze()
        wait_for(lambda: "NOREPLICAS" in attempt(writer, "SET", "a", "2"), "writes to be refused")
        assert about(source)["min_slaves_good_slaves"] == 0
        assert writer.exists("a") == 1
        copy.signal(signal.SIGCONT)
        wait_for(lambda: attempt(writer, "SET", "a", "3") == "", "writes to be taken again")


def attempt(connection: redis.Redis, *words: str) -> str:
    """What is wrong with it, if anything."""
    try:
        connection.execute_command(*words)
    except redis.ResponseError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("kind", KINDS)
def test_messages_reach_who_listens_at_a_replica(begin: Start, kind: str) -> None:
    source, copy = pair(begin, kind)
    with client(source) as writer, client(copy) as reader, reader.pubsub() as listener:
        reader.config_set("notify-keyspace-events", "KA")
        listener.subscribe("news", "__keyspace@0__:a")
        for _ in range(2):
            listener.get_message(timeout=5)
        writer.publish("news", "told")
        writer.set("a", "1")
        found = [listener.get_message(timeout=5) for _ in range(2)]
        assert [message["data"] for message in found if message] == [b"told", b"set"]


@pytest.mark.parametrize("kind", KINDS)
def test_who_waits_for_a_key_is_told_when_the_primary_becomes_a_replica(begin: Start, kind: str) -> None:
    source, other = begin("ours"), begin(kind)
    said: list[str] = []

    def wait() -> None:
        with client(other) as connection:
            said.append(refusal(connection, "BLPOP", "l", "0"))

    waiting = threading.Thread(target=wait)
    waiting.start()
    with client(other) as connection:
        wait_for(lambda: connection.info("clients")["blocked_clients"] == 1, "it to wait")
        connection.replicaof(source.host, source.port)
    waiting.join(10)
    assert said == ["UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)"]


@pytest.mark.parametrize(("primary", "replica"), [("ours", "theirs"), ("theirs", "ours"), ("ours", "ours")])
def test_a_primary_with_a_password(begin: Start, primary: str, replica: str) -> None:
    source, copy = begin(primary), begin(replica)
    with client(source) as connection:
        connection.set("a", "1")
        connection.execute_command("ACL", "SETUSER", "copier", "on", ">secret", "+psync", "+replconf", "+ping")
        connection.config_set("requirepass", "hidden")
    with client(copy) as connection:
        connection.replicaof(source.host, source.port)
        wait_for(lambda: about(copy)["master_link_status"] == "down", "the link to be refused")
        connection.config_set("masteruser", "copier")
        connection.config_set("masterauth", "secret")
        wait_until_up(copy)
        assert connection.get("a") == b"1"


@pytest.mark.parametrize("mode", ["--rdb", "--replica"])
@pytest.mark.parametrize("diskless", ["yes", "no"])
def test_redis_cli_copies(begin: Start, tmp_path: Path, mode: str, diskless: str) -> None:
    source, path = begin("ours", "--repl-diskless-sync", diskless), tmp_path / "copy.rdb"
    command = [find_peer("redis-cli", "redis-tools"), "-h", source.host, "-p", str(source.port), mode]
    with client(source) as connection:
        for number in range(1000):
            connection.set(f"key{number}", "v" * number)
        if mode == "--rdb":
            subprocess.run([*command, str(path)], capture_output=True, timeout=30, check=True)
            checked = subprocess.run(
                [find_peer("redis-check-rdb", "redis-tools"), str(path)], capture_output=True, timeout=30, check=True
            )
            assert b"RDB looks OK" in checked.stdout
            assert b"1000 keys read" in checked.stdout
            return
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            wait_for(lambda: about(source)["connected_slaves"] == 1, "redis-cli to be a replica")
            wait_for(lambda: about(source).get("slave0", {}).get("state") == "online", "redis-cli to be fed")
            connection.set("last", "word")
            assert process.stdout
            wait_for(lambda: b"word" in (process.stdout.readline() if process.stdout else b""), "it to show the stream")
            process.kill()


def test_what_can_not_be_applied_ends_the_link_and_says_so(begin: Start) -> None:
    source, copy = begin("theirs"), begin("ours", "--databases", "2")
    follow(copy, source)
    wait_until_up(copy)
    with client(source) as connection:
        connection.execute_command("SELECT", "5")
        connection.set("a", "1")
    wait_for(lambda: "start it with more (`databases`)" in str(about(copy)), "the snapshot to be refused", 20)
    assert about(source, "stats")["sync_full"] > 1, "everything was to be copied again"
    with client(copy) as connection, pytest.raises(redis.BusyLoadingError):
        connection.get("a")


@pytest.mark.parametrize(("first", "second"), [("ours", "ours"), ("ours", "theirs"), ("theirs", "ours")])
def test_a_primary_hands_over(begin: Start, first: str, second: str) -> None:
    source, copy = begin(first), begin(second)
    follow(copy, source)
    wait_until_up(copy)
    wait_for(lambda: about(source)["slave0"]["state"] == "online", "the replica to be online")
    with client(source) as one, client(copy) as other:
        assert refusal(one, "FAILOVER", "TO", "127.0.0.1", "1") == "FAILOVER target HOST and PORT is not a replica."
        assert refusal(one, "FAILOVER", "ABORT") == "No failover in progress."
        assert refusal(one, "FAILOVER", "TIMEOUT", "0") == "FAILOVER timeout must be greater than 0"
        for number in range(1000):
            one.set(f"key{number}", number)
        assert one.execute_command("FAILOVER", "TO", copy.host, copy.port, "TIMEOUT", "5000") in (True, b"OK")
        wait_for(lambda: about(copy)["role"] == "master", "the replica to be the primary")
        wait_until_up(source)
        assert about(source)["master_failover_state"] == "no-failover"
        assert "READONLY" in refusal(one, "SET", "a", "1")
        assert other.set("a", "1")
    wait_until_level(source, copy)
    assert_equal(source, copy)
    assert about(copy, "stats")["sync_partial_ok"] == 1


def test_a_failover_that_can_not_be_leaves_all_as_it_was(begin: Start) -> None:
    source, copy = pair(begin, "ours")
    copy.freeze()
    with client(source) as connection:
        connection.set("a", "1")

        def waits() -> bool:
            connection.execute_command("FAILOVER", "TIMEOUT", "2000")
            return bool(about(source)["master_failover_state"] == "waiting-for-sync")

        # A busy machine may look when time is up already.
        wait_for(waits, "a failover to wait for its replica")
        assert connection.set("a", "2"), "held until time is up"
        assert about(source)["master_failover_state"] == "no-failover"
        assert about(source)["role"] == "master"
        connection.execute_command("FAILOVER")
        assert refusal(connection, "FAILOVER") == "FAILOVER already in progress."
        connection.execute_command("FAILOVER", "ABORT")
        assert connection.set("a", "3")
