"""RDB files between this server and redis-server, both ways: each loads what the other wrote and holds the same."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from tests.persistence.contents import connect, fill, picture
from tests.servers import Server, find_peer, free_port, run_to_its_end, start_redis, start_redis_mode

Keep = Callable[[Server], Server]

ENCODINGS = {
    "as it comes": [],
    "all large": [
        *("--hash-max-listpack-entries", "0", "--set-max-intset-entries", "0", "--zset-max-listpack-entries", "0"),
        *("--list-max-listpack-size", "1", "--stream-node-max-entries", "1"),
    ],
    "all packed": [
        *("--hash-max-listpack-entries", "10000", "--hash-max-listpack-value", "10000"),
        *("--set-max-intset-entries", "10000", "--zset-max-listpack-entries", "10000"),
        *("--zset-max-listpack-value", "10000", "--list-max-listpack-size", "-5"),
    ],
    "not compressed": ["--rdbcompression", "no"],
    "without a checksum": ["--rdbchecksum", "no"],
    "lists compressed": ["--list-compress-depth", "1"],
}


@pytest.mark.parametrize("flags", ENCODINGS.values(), ids=ENCODINGS)
def test_its_files_are_loaded_here(started: Keep, tmp_path: Path, flags: list[str]) -> None:
    theirs = started(start_redis("--dir", str(tmp_path), *flags))
    with connect(theirs.port) as client:
        fill(client)
        client.save()
        wanted = picture(client)
    ours = started(start_redis_mode("--load", str(tmp_path / "dump.rdb"), "--dir", str(tmp_path)))
    with connect(ours.port) as client:
        assert picture(client) == wanted


@pytest.mark.parametrize("flags", [[], ["--rdbcompression", "no"], ["--rdbchecksum", "no"]])
def test_files_from_here_are_loaded_there(started: Keep, tmp_path: Path, flags: list[str]) -> None:
    ours = started(start_redis_mode("--dir", str(tmp_path), "--enable-debug-command", "yes", *flags))
    with connect(ours.port) as client:
        fill(client)
        client.save()
        wanted = picture(client, of_streams=False)
        digest = client.execute_command("DEBUG", "DIGEST")
    checked = subprocess.run(
        [find_peer("redis-check-rdb", "redis-tools"), tmp_path / "dump.rdb"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
    assert "RDB looks OK" in checked.stdout
    theirs = started(start_redis("--dir", str(tmp_path), "--enable-debug-command", "yes"))
    with connect(theirs.port) as client:
        assert picture(client, of_streams=False) == wanted
        assert client.execute_command("DEBUG", "DIGEST") == digest


def test_a_reload_loses_nothing(started: Keep, tmp_path: Path) -> None:
    ours = started(start_redis_mode("--dir", str(tmp_path), "--enable-debug-command", "yes"))
    with connect(ours.port) as client:
        fill(client)
        wanted = picture(client)
        client.execute_command("DEBUG", "RELOAD")
        assert picture(client) == wanted
        client.execute_command("DEBUG", "RELOAD", "NOSAVE")
        assert picture(client) == wanted


def test_dump_and_restore_both_ways(started: Keep) -> None:
    ours, theirs = started(start_redis_mode()), started(start_redis())
    with connect(ours.port) as here, connect(theirs.port) as there:
        fill(here)
        for key in here.scan_iter(count=1000):
            there.restore(key, max(here.pttl(key), 0), here.dump(key))  # type: ignore[arg-type]
        wanted = picture(here, (0,))
        assert without_ends(picture(there, (0,))) == without_ends(wanted)
        here.flushall()
        for key in there.scan_iter(count=1000):
            here.restore(key, max(there.pttl(key), 0), there.dump(key))  # type: ignore[arg-type]
        assert without_ends(picture(here, (0,))) == without_ends(wanted)


def without_ends(shown: dict[object, tuple[object, int, object]]) -> dict[object, tuple[object, bool, object]]:
    """A time to live that is read and given again is a little shorter."""
    return {key: (kind, end > 0, value) for key, (kind, end, value) in shown.items()}


def test_what_is_wrong_with_restore_is_said_alike(started: Keep) -> None:
    ours, theirs = started(start_redis_mode()), started(start_redis())
    with connect(theirs.port) as there:
        there.set("text", "value")
        payload = there.dump("text")
    assert isinstance(payload, bytes)
    flipped = bytes([payload[0] ^ 1]) + payload[1:]
    asked: list[tuple[object, ...]] = [
        ("RESTORE", "k", 0, payload),
        ("RESTORE", "k", 0, payload),
        ("RESTORE", "k", -1, payload, "REPLACE"),
        ("RESTORE", "k", "x", payload, "REPLACE"),
        ("RESTORE", "k", 0, flipped, "REPLACE"),
        ("RESTORE", "k", 0, b"short", "REPLACE"),
        ("RESTORE", "k", 0, payload, "REPLACE", "NONSENSE"),
        ("RESTORE", "k", 0, payload, "REPLACE", "IDLETIME", "-1"),
        ("RESTORE", "k", 0, payload, "REPLACE", "IDLETIME"),
        ("RESTORE", "k", 0, payload, "REPLACE", "FREQ", "256"),
        ("RESTORE", "k", 0, payload, "REPLACE", "FREQ", "1", "IDLETIME", "1"),
        ("RESTORE", "k", 0, payload, "REPLACE", "IDLETIME", "1000"),
        ("OBJECT", "IDLETIME", "k"),
        ("RESTORE", "k", 5, payload, "REPLACE", "ABSTTL"),
        ("EXISTS", "k"),
        ("RESTORE", "k", 4_000_000_000_000, payload, "REPLACE", "ABSTTL"),
        ("PEXPIRETIME", "k"),
        ("DUMP", "nothing"),
    ]

    def answers(port: int) -> list[object]:
        with connect(port) as client:
            found: list[object] = []
            for words in asked:
                try:
                    answer = client.execute_command(*words)
                    # Seconds, which go on.
                    found.append(answer // 10 if words[1] == "IDLETIME" else answer)
                except redis.ResponseError as error:
                    found.append(str(error))
            return found

    assert answers(ours.port) == answers(theirs.port)


def test_old_and_broken_files_are_refused_before_anything_is_served(started: Keep, tmp_path: Path) -> None:
    theirs = started(start_redis("--dir", str(tmp_path)))
    with connect(theirs.port) as client:
        fill(client)
        client.save()
    whole = (tmp_path / "dump.rdb").read_bytes()
    wrong = {
        "cut": (whole[:-100], "the data ends here"),
        "changed": (whole[:500] + bytes([whole[500] ^ 4]) + whole[501:], "at byte "),
        "newer": (b"REDIS0099" + whole[9:], "RDB version 99 is not known here"),
        "foreign": (b"#!/bin/sh" + whole[9:], "this is no RDB file"),
    }
    for name, (content, says) in wrong.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "dump.rdb").write_bytes(content)
        refused = run_to_its_end("redis", "--port", str(free_port()), "--dir", str(folder))
        assert refused.returncode == 1
        assert f"{folder}/dump.rdb: " in refused.stderr
        assert says in refused.stderr
        assert (folder / "dump.rdb").read_bytes() == content
