"""`memcluster up` with a group, and the verbs that look at it and move it."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.cli.running import are_gone, start_up
from tests.connection import WAIT_SECONDS
from tests.groups.running import Group, running_group
from tests.servers import wait_for


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    with running_group(tmp_path_factory.mktemp("verbs"), zones=["x", "y", "z"], durability="sync:1") as group:
        yield group


def test_status_shows_how_it_stands(group: Group) -> None:
    with Redis(port=group.ports["port"]) as client:
        client.set("a", "1")
    said = group.up.run_well("status")
    for word in ("epoch", "sync:1", "primary", "replica", "zone", "in sync", f"127.0.0.1:{group.ports['port']}"):
        assert word in said
    (shown,) = json.loads(group.up.run_well("status", "--json"))["groups"]
    assert [node["zone"] for node in shown["nodes"]] == ["x", "y", "z"]
    assert sorted(node["role"] for node in shown["nodes"]) == ["primary", "replica", "replica"]
    assert shown["counters"]["primary"]["connections_total"] > 0


def test_the_table_says_where_it_is(group: Group) -> None:
    wait_for(lambda: "Try: redis-cli -p" in group.up.out.read_text(), "the table")
    said = group.up.out.read_text()
    for what in ("orders (primary)", "orders (reader)", "orders (sentinel)", "orders-3 in zone z"):
        assert what in said


def test_a_switchover_goes_where_it_is_sent(group: Group) -> None:
    target = next(name for name in group.nodes() if name != group.primary())
    said = group.up.run("switchover", "orders", "--to", target)
    assert said.returncode == 0, said.stderr
    assert f"FailoverComplete: {target} is primary of epoch" in said.stdout
    assert group.primary() == target
    group.wait_until_whole()


@pytest.mark.parametrize("kind", ["now", "test"])
def test_a_failover_that_is_asked_for(group: Group, kind: str) -> None:
    before = group.primary()
    said = group.up.run("failover", kind)
    assert said.returncode == 0, said.stderr
    assert "FailoverComplete" in said.stdout
    assert group.primary() != before
    group.wait_until_whole()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("switchover", "order"), "there is no group order: this cluster has orders"),
        (("switchover", "--to", "orders-9"), "orders has no node orders-9: there are orders-1, orders-2, orders-3"),
    ],
)
def test_what_cannot_be_asked(group: Group, words: tuple[str, ...], complaint: str) -> None:
    said = group.up.run(*words)
    assert said.returncode == 1
    assert complaint in said.stderr


def test_a_switchover_to_the_primary_is_said_to_change_nothing(group: Group) -> None:
    primary = group.primary()
    said = group.up.run("switchover", "orders", "--to", primary)
    assert said.stderr == f"memcluster: {primary} is the primary of orders already: name another node, or none\n"
    assert said.returncode == 1


def test_events_are_told_and_followed(group: Group) -> None:
    past = group.up.run("events", "orders", "--json").stdout.splitlines()
    assert json.loads(past[0])["kind"] == "election"
    command = [*group.up.program, "events", "--follow", "--last", "1"]
    follower = subprocess.Popen(command, env=group.up.environment, stdout=subprocess.PIPE, text=True)
    try:
        assert follower.stdout is not None
        # With the last one of the past it has begun to listen.
        assert follower.stdout.readline()
        assert group.up.run("switchover").returncode == 0
        # A replica that the machine holds up is told of in between.
        said = iter(follower.stdout.readline, "")
        assert any("FailoverStarted: election of epoch" in line for line in said)
        assert any("FailoverComplete" in line for line in said)
    finally:
        follower.send_signal(signal.SIGINT)
        follower.communicate(timeout=WAIT_SECONDS)
    group.wait_until_whole()


def test_a_start_after_an_end_has_all_data(tmp_path: Path) -> None:
    with running_group(tmp_path, replicas=1) as group:
        with Redis(port=group.ports["port"]) as client:
            assert client.set("kept", "1")
        assert group.up.end() == 0
        group.start()
        group.wait_until_whole()
        with Redis(port=group.ports["port"]) as client:
            assert client.get("kept") == b"1"


def test_a_node_that_is_wanted_no_longer_leaves_when_nothing_depends_on_it(tmp_path: Path) -> None:
    with running_group(tmp_path, replicas=2, durability="sync:1") as group:
        assert group.up.run("switchover", "--to", "orders-3").returncode == 0
        with Redis(port=group.ports["port"]) as client:
            assert client.set("kept", "1")
        assert group.up.end() == 0
        config = tmp_path / "cluster.toml"
        config.write_text(config.read_text().replace("replicas = 2", "replicas = 1"))
        group.start()
        wait_for(lambda: sorted(group.nodes()) == ["orders-1", "orders-2"], "the third to have left", 60)
        group.wait_until_whole()
        with Redis(port=group.ports["port"]) as client:
            assert client.get("kept") == b"1"


def test_a_second_supervisor_is_kept_out(tmp_path: Path) -> None:
    with running_group(tmp_path, replicas=0) as group:
        other = tmp_path / "other"
        other.mkdir()
        config = other / "cluster.toml"
        config.write_text(f'[group.orders]\nport = 0\ndir = "{group.folder / "orders"}"\nreplicas = 0\n')
        second = start_up(other, "--config", str(config))
        assert second.process.wait(3 * WAIT_SECONDS) == 1
        assert "another supervisor's nodes run there" in second.err.read_text()
        assert group.up.is_serving()


def test_no_node_outlives_its_supervisor(tmp_path: Path) -> None:
    with running_group(tmp_path, replicas=1) as group:
        children = group.up.children()
        assert len(children) == 2
        assert group.up.end() == 0
        assert are_gone(children)
