"""`memcluster failover now` where no primary is alive: it is answered in its time, with what keeps the group from one,
and goes on where the operator takes the loss."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from redis import Redis

from tests.groups.running import HEAL_SECONDS, Group, running_group
from tests.servers import wait_for

REQUEST_SECONDS = 3.0
START_SECONDS = 6.0
"""What a verb may take to begin and to end, on a busy machine."""


@pytest.fixture
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    folder = tmp_path_factory.mktemp("now")
    with running_group(folder, durability="sync:1", request_timeout=f"{REQUEST_SECONDS:g}s") as group:
        with Redis(port=group.ports["port"]) as client:
            assert client.set("acknowledged", "1")
        group.wait_until_whole()
        yield group


@contextmanager
def frozen(group: Group, names: list[str]) -> Iterator[None]:
    """These nodes stand still, longer than a lease: the group has no primary."""
    processes = [group.process(name) for name in names]
    for process in processes:
        process.suspend()
    try:
        # Nothing said is no answer.
        wait_for(lambda: [row["primary"] for row in group.ask("group.status")] == [None], "no primary", HEAL_SECONDS)
        yield
    finally:
        for process in processes:
            process.resume()


def fail_over_now(group: Group, *options: str) -> tuple[int, str]:
    """Its status, and what it said, in its time."""
    began = time.monotonic()
    said = group.up.run("failover", "now", *options)
    assert time.monotonic() - began < REQUEST_SECONDS + START_SECONDS
    return said.returncode, said.stdout + said.stderr


def assert_healed(group: Group) -> None:
    group.wait_until_whole()
    with Redis(port=group.ports["port"]) as client:
        assert client.get("acknowledged") == b"1"
        assert client.set("again", "1")


def test_where_no_node_answers_it_fails_and_says_why(group: Group) -> None:
    with frozen(group, list(group.nodes())):
        for options in ((), ("--accept-loss",)):
            status, said = fail_over_now(group, *options)
            assert status == 1
            assert "now did not come about: there is no primary, and nobody was elected for epoch" in said
        assert group.status()["primary"] is None
    assert_healed(group)


def test_where_too_few_answer_it_goes_on_only_if_loss_is_accepted(group: Group) -> None:
    """One replica is left, which may lack what the two others have acknowledged."""
    primary = group.primary()
    left = next(name for name in group.nodes() if name != primary)
    with frozen(group, [name for name in group.nodes() if name != left]):
        status, said = fail_over_now(group)
        assert status == 1
        assert "now did not come about: there is no primary" in said, group.said()
        status, said = fail_over_now(group, "--accept-loss")
        assert status == 0, said
        assert f"FailoverComplete: {left} is primary of epoch" in said
        assert group.primary() == left
    assert_healed(group)
    assert group.primary() == left
