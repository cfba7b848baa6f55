"""The rule that a group's times keep among them, and names of supervisors."""

import os
import subprocess
import sys
from typing import Any

import pytest

from memcluster.config import Seconds
from memcluster.errors import ConfigError
from memcluster.redis.group.identity import is_gone, own_name
from memcluster.redis.group.settings import GroupSettings, check
from memcluster.redis.group.state import replicas_needed


def test_the_defaults_keep_it() -> None:
    check(GroupSettings(), "group.orders")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"lease_margin": Seconds(0.05)}, "clocks drift: take 100ms or more"),
        ({"lease_ttl": Seconds(1)}, r"two lost renewals must not end it: take 2s or more"),
        ({"lease_renew": Seconds(2)}, "lease_ttl 2.5s"),
        ({"probe": Seconds(0.6), "lease_ttl": Seconds(4)}, "nodes are asked before each renewal: take 500ms or less"),
        ({"probe": Seconds(0)}, "not 0"),
        ({"patience": Seconds(0.3)}, "one lost probe is no failure"),
        ({"durability": "sync:2"}, "there are 1 replicas"),
        ({"durability": "bounded:100", "replicas": 0}, "no write would ever be acknowledged"),
        ({"durability": "eventually"}, "write async, bounded:MILLISECONDS or sync:REPLICAS"),
        ({"durability": "sync:0"}, "write async"),
    ],
)
def test_what_cannot_be_kept_is_said_with_what_could(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint) as caught:
        check(GroupSettings(**changes), "group.orders")
    assert str(caught.value).startswith("group.orders: ")


@pytest.mark.parametrize(("durability", "k"), [("async", 0), ("bounded:500", 1), ("sync:1", 1), ("sync:12", 12)])
def test_so_many_replicas_must_hold_a_write(durability: str, k: int) -> None:
    assert replicas_needed(durability) == k


def test_a_supervisor_is_gone_when_its_process_has_ended() -> None:
    assert not is_gone(own_name())
    assert is_gone(f"another-boot:{own_name().partition(':')[2]}")
    script = "from memcluster.redis.group.identity import own_name; print(own_name())"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    assert is_gone(ended)
    boot, _, _ = own_name().partition(":")
    assert is_gone(f"{boot}:{os.getpid()}:1"), "the same process id, but another process"
