"""The pytest plugin and the objects behind it: a node and a cluster inside a process."""

import threading
import time

import pytest
from pymemcache import Client

import memcluster
from memcluster import Cluster, Node, RedisNode
from memcluster.errors import ConfigError, NodeError
from tests.connection import ask


def test_a_node_for_a_test(memcached_node: Node) -> None:
    client = Client(memcached_node.address)
    assert client.set("a", "b", noreply=False)
    assert client.get("a") == b"b"
    client.close()
    assert memcached_node.stats()["cmd_set"] == "1"
    assert memcached_node.failure is None


def test_a_redis_mode_node_for_a_test(redis_node: RedisNode) -> None:
    assert ask((redis_node.host, redis_node.port), b"SET a b\r\nGET a\r\n", b"b\r\n") == b"+OK\r\n$1\r\nb\r\n"
    assert redis_node.url == f"redis://127.0.0.1:{redis_node.port}/0"
    assert redis_node.failure is None
    assert redis_node.info("server")["redis_version"] == "7.2.4"
    assert redis_node.info("keyspace") == {"db0": "keys=1,expires=0,avg_ttl=0"}


def test_a_redis_mode_node_takes_directives() -> None:
    with RedisNode(port=0, maxmemory="64mb", maxmemory_policy="allkeys-lru", io_threads=1) as node:
        assert node.info("memory")["maxmemory"] == str(64 << 20)
        assert node.info("memory")["maxmemory_policy"] == "allkeys-lru"
    with pytest.raises(ConfigError, match="RedisNode: maxmemory-policy: "):
        RedisNode(port=0, maxmemory_policy="whatever")


def test_a_redis_mode_node_checks_its_directives() -> None:
    with pytest.raises(ConfigError, match="RedisNode: prot: Redis knows no such directive: did you mean port"):
        RedisNode(prot=1)


def test_each_test_gets_its_own(memcached_node: Node, memcached_cluster: Cluster) -> None:
    for address in (memcached_node.address, memcached_cluster.address):
        client = Client(address)
        assert client.get("a") is None
        client.close()


def test_a_cluster_for_a_test(memcached_cluster: Cluster) -> None:
    client = Client(memcached_cluster.address)
    assert client.set_many({f"key-{number}": str(number) for number in range(300)}, noreply=False) == []
    assert len(client.get_many([f"key-{number}" for number in range(300)])) == 300
    client.close()
    held = [int(node.stats()["curr_items"]) for node in memcached_cluster.nodes]
    assert sum(held) == 300
    assert all(count > 50 for count in held), "the keys are spread"


def test_a_cluster_that_loses_a_node_says_so() -> None:
    with Cluster(nodes=2, port=0, memory="16m", threads=1, proxy={"down": "miss", "failure_limit": 1}) as cluster:
        client = Client(cluster.address)
        keys = [f"key-{number}" for number in range(100)]
        assert client.set_many(dict.fromkeys(keys, "x"), noreply=False) == []
        held = int(cluster.nodes[1].stats()["curr_items"])
        cluster.nodes[1].stop()
        assert len([key for key in keys if client.get(key) is not None]) == 100 - held
        client.close()


def test_discovery_of_a_cluster(memcached_cluster: Cluster) -> None:
    client = Client(memcached_cluster.nodes[0].address)
    reply = client.raw_command(b"config get cluster", b"\n\r\nEND\r\n")
    for node in memcached_cluster.nodes:
        assert f"127.0.0.1|127.0.0.1|{node.port}".encode() in reply
    client.close()


def test_a_node_alone_is_a_cluster_of_one(memcached_node: Node) -> None:
    client = Client(memcached_node.address)
    line = f"1\n127.0.0.1|127.0.0.1|{memcached_node.port}".encode()
    assert client.raw_command(b"config get cluster", b"\n\r\nEND\r\n").endswith(line)
    client.close()


def test_starting_and_stopping_takes_well_under_a_second() -> None:
    taken = []
    # A busy machine takes any process off its processor now and then: once is enough.
    while not taken or (min(taken) >= 1 and len(taken) < 5):
        before = time.monotonic()
        with Cluster(nodes=3, port=0, memory="16m", threads=1):
            pass
        taken.append(time.monotonic() - before)
    assert min(taken) < 1, taken


def test_two_run_beside_each_other() -> None:
    each = {"nodes": 1, "port": 0, "memory": "16m", "threads": 1}
    with Cluster(**each) as first, Cluster(**each) as second:
        assert first.port != second.port


def test_nothing_stays_behind() -> None:
    before = threading.active_count()
    with Cluster(nodes=2, port=0, memory="16m", threads=1) as cluster:
        address = cluster.address
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        Client(address).version()


def test_a_port_in_use_is_an_error_with_advice(memcached_node: Node) -> None:
    with pytest.raises(NodeError, match="another server has it; stop that, or give another with -p"):
        Node(port=memcached_node.port)


def test_settings_are_checked() -> None:
    with pytest.raises(ConfigError, match="Node: no such setting: prot; there are port, "):
        Node(prot=1)
    with pytest.raises(ConfigError, match="Node: memory='much': 'much' is no size"):
        Node(memory="much")
    with pytest.raises(ConfigError, match="item_size_max"):
        Node(memory="1m")


def test_the_package_offers_what_it_says() -> None:
    for name in memcluster.__all__:
        assert getattr(memcluster, name)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = memcluster.Nothing
