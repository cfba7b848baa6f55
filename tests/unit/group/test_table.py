"""A table [group.NAME]: settings, places and directives told apart, and what cannot be said with the fix."""

from typing import Any

import pytest

from memcluster.config import Seconds
from memcluster.errors import ConfigError
from memcluster.redis.group.table import read


def test_settings_places_and_directives_stand_side_by_side() -> None:
    table = read(
        "orders",
        {
            "replicas": 2,
            "zones": ["a", "b"],
            "port": 7000,
            "durability": "sync:1",
            "lease-ttl": "4s",
            "maxmemory": "1gb",
            "appendfsync": "always",
            "requirepass": "secret",
            "snapshots": {"schedule": "daily 03:00"},
        },
        {"MEMCLUSTER_GROUP_READER_PORT": "7001"},
    )
    assert (table.settings.replicas, table.settings.zones, table.settings.lease_ttl) == (2, ("a", "b"), Seconds(4))
    assert (table.places.port, table.places.reader_port, table.places.dir) == (7000, 7001, "")
    assert next((given.name, given.value) for given in table.directives) == ("maxmemory", "1gb")
    assert not table.snapshots.schedule.is_never
    assert table.login.password == "secret"
    assert "secret" not in repr(table.login)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ({"replicas": -1}, "replicas: expected a whole number >= 0"),
        ({"replicas": "many"}, "replicas: expected a whole number, got text"),
        ({"replica": 1}, "replica: neither a group's setting nor Redis's directive: did you mean replicas?"),
        ({"port": 70000}, "port: expected a whole number <= 65535"),
        ({"durability": "sync:2"}, "durability sync:2: there are 1 replicas"),
        ({"durability": "never"}, "durability 'never': write async, bounded:MILLISECONDS or sync:REPLICAS"),
        ({"replicaof": "a 1"}, "replicaof: who follows whom is the group's decision: leave it out"),
        ({"bind": "::1"}, "bind: give `host`: leave it out"),
        ({"maxmemory_polizy": "x"}, "did you mean maxmemory-policy?"),
        ({"snapshots": {"shedule": "never"}}, "[group.orders.snapshots]: shedule: no such setting"),
        ({"maxmemory": "lots"}, "[group.orders]: maxmemory: argument must be a memory value"),
        ({"lease_ttl": "1s"}, "two lost renewals must not end it"),
    ],
)
def test_what_cannot_be(words: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read("orders", words, {})
    assert complaint in str(raised.value)
    assert str(raised.value).startswith("[group.orders")


def test_a_name_is_a_part_of_file_names() -> None:
    with pytest.raises(ConfigError, match="letters, digits, - and _ only"):
        read("../orders", {}, {})
