"""What a node says of its disk and of its link, by what INFO says of them, second by second."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from memcluster.redis.process import watched
from memcluster.redis.settings import from_names, settle
from memcluster.redis.watch import LINES_MAX, LINES_SECONDS, LOOK_SECONDS, Watch

WELL = {"aof_last_write_status": "ok", "aof_last_bgrewrite_status": "ok", "rdb_last_bgsave_status": "ok"}
PRIMARY = {"role": "master"}
SYNCING, UP = {"master_sync_in_progress": "1"}, {"master_link_status": "up"}
REFUSED = {"master_link_error": "10.0.0.1:6379: Connection refused (os error 111)"}


def follows(**changes: str) -> dict[str, str]:
    return {
        "master_host": "10.0.0.1",
        "master_port": "6379",
        "master_link_status": "down",
        "master_sync_in_progress": "0",
        "master_link_error": "",
        **changes,
    }


class Node:
    """What INFO says, and the time."""

    def __init__(self) -> None:
        self.sections: dict[str, Mapping[str, str]] = {"persistence": WELL, "replication": PRIMARY}
        self.now = 0.0
        self.watch = Watch(lambda section: self.sections[section], now=lambda: self.now)

    def look(self, disk: Mapping[str, str] = WELL, link: Mapping[str, str] = PRIMARY) -> None:
        self.sections = {"persistence": disk, "replication": link}
        self.watch.look()
        self.now += LOOK_SECONDS


@pytest.fixture(autouse=True)
def heard(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(record.levelname, record.message) for record in caplog.records]


@pytest.mark.parametrize(
    ("name", "begins", "ends"),
    [
        (
            "aof_last_write_status",
            "the append-only log cannot be written",
            "the append-only log refuses no writes any more",
        ),
        ("aof_last_bgrewrite_status", "the append-only log was not rewritten", "the append-only log is rewritten"),
        ("rdb_last_bgsave_status", "the data was not saved", "the data is saved again"),
    ],
)
def test_a_trouble_of_the_disk_and_its_end_are_said_once(
    name: str, begins: str, ends: str, caplog: pytest.LogCaptureFixture
) -> None:
    node = Node()
    for status in ("ok", "ok", "err", "err", "err", "ok", "ok"):
        node.look(WELL | {name: status})
    assert [level for level, _ in lines(caplog)] == ["WARNING", "WARNING"], "who was told of it is told of its end"
    first, second = [message for _, message in lines(caplog)]
    assert first.startswith(begins)
    assert first.endswith(f": see the disk of {Path.cwd()}")
    assert second.startswith(ends)


def test_the_life_of_a_link(caplog: pytest.LogCaptureFixture) -> None:
    node = Node()
    link = follows()
    for change in ({}, SYNCING, SYNCING, UP, UP, REFUSED, REFUSED, REFUSED | SYNCING, REFUSED | UP, UP):
        node.look(link=link | change)
    node.look()
    assert lines(caplog) == [
        ("INFO", "the primary 10.0.0.1:6379 is asked for its data"),
        ("INFO", "full synchronisation: all data comes from the primary 10.0.0.1:6379"),
        ("INFO", "the link to the primary 10.0.0.1:6379 is up"),
        (
            "WARNING",
            "the link to the primary 10.0.0.1:6379 is down, it is tried again: Connection refused (os error 111)",
        ),
        ("INFO", "full synchronisation: all data comes from the primary 10.0.0.1:6379"),
        ("WARNING", "the link to the primary 10.0.0.1:6379 is up"),
        ("INFO", "no primary is followed any more"),
    ]


def test_another_primary_is_said(caplog: pytest.LogCaptureFixture) -> None:
    node = Node()
    node.look(link=follows(**UP))
    node.look(link=follows(**UP, master_port="6380"))
    assert [message for _, message in lines(caplog)] == [
        "the link to the primary 10.0.0.1:6379 is up",
        "the link to the primary 10.0.0.1:6380 is up",
    ]


def test_what_goes_to_and_fro_is_said_as_it_stands_later(caplog: pytest.LogCaptureFixture) -> None:
    node = Node()
    for number in range(round(LINES_SECONDS / LOOK_SECONDS)):
        node.look(WELL | {"aof_last_write_status": "ok" if number % 2 else "err"})
    assert len(lines(caplog)) == LINES_MAX
    node.look(WELL | {"aof_last_write_status": "err"})
    assert len(lines(caplog)) == LINES_MAX + 1
    assert lines(caplog)[-1][1].startswith("the append-only log cannot be written")


def test_who_follows_whom_in_a_group_its_supervisor_says() -> None:
    alone, of_group = [watched(settle(from_names(told, "here"))) for told in ({}, {"memc_name": "orders-1"})]
    assert [row.name for row in alone if row not in of_group] == ["link"]


def test_a_directory_that_was_deleted_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    Node().look({**WELL, "rdb_last_bgsave_status": "err"})
    ((_, line),) = lines(caplog)
    assert line.endswith("see the disk of its directory, which has been deleted")
