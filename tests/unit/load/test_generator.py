"""The generator against servers that answer wrongly or late, and against the real redis-server."""

import csv
import json
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from memcluster import _native
from tests.connection import Connection
from tests.servers import Server, find_peer

# What a server of each dialect answers to a get of any key: three bytes, which no key has.
WRONG = {
    "text": lambda key: f"VALUE {key} 0 3\r\nxyz\r\nEND\r\n",
    "meta": lambda key: f"VA 3 k{key}\r\nxyz\r\n",
    "resp": lambda _: "$3\r\nxyz\r\n",
}


def run(**settings: Any) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(_native.load_run(json.dumps(settings)))
    return report


@contextmanager
def served(answer: Callable[[bytes], bytes]) -> Iterator[str]:
    """A server of one connection that answers each request of one line (in RESP: the last one) with `answer(line)`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as lines:
                for line in lines:
                    if not line.startswith((b"*", b"$", b"GET")):
                        connection.sendall(answer(line))

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize("protocol", WRONG)
def test_a_wrong_value_is_counted(protocol: str) -> None:
    def answer(line: bytes) -> bytes:
        word = line.split()[-1 if protocol == "resp" else 1].decode()
        return WRONG[protocol](word).encode()

    with served(answer) as server:
        shape = {"connections": 1, "requests": 20, "verify": True, "value_bytes": {"kind": "fixed", "bytes": 3}}
        report = run(servers=[server], protocol=protocol, **shape)
    assert (report["requests"], report["hits"], report["wrong"], report["errors"]) == (20, 20, 20, 0)


def test_a_connection_that_is_closed_behind_half_an_answer_is_lost() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                # Both arrive before the generator looks, in one event.
                connection.sendall(b"VALUE key:0000000000000000000 0 3\r\nx")

        thread = threading.Thread(target=serve)
        thread.start()
        report = run(servers=[f"127.0.0.1:{listener.getsockname()[1]}"], connections=1, requests=10, seconds=0)
        thread.join()
    assert (report["requests"], report["unanswered"], report["connections_lost"]) == (0, 1, 1)


def test_a_run_that_a_count_ends_waits_for_nobody_for_ever() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = f"127.0.0.1:{silent.getsockname()[1]}"
        report = run(servers=[server], connections=2, requests=10, seconds=0, silence_seconds=0.3)
    assert (report["requests"], report["unanswered"]) == (0, 2)


def test_a_schedule_may_be_slower_than_the_longest_silence() -> None:
    with served(lambda _: b"END\r\n") as server:
        report = run(servers=[server], connections=1, requests=3, rate=4, seconds=0, silence_seconds=0.1)
    assert (report["requests"], report["unanswered"]) == (3, 0)


def test_in_an_open_loop_a_stall_is_seen_by_all_that_should_have_been_sent_meanwhile() -> None:
    stall_seconds, rate, requests = 0.3, 1000, 500
    is_first = True

    def answer(_: bytes) -> bytes:
        nonlocal is_first
        if is_first:
            # The stall itself is what is tested.
            threading.Event().wait(stall_seconds)
            is_first = False
        return b"END\r\n"

    with served(answer) as server:
        report = run(servers=[server], connections=1, rate=rate, requests=requests)
    latency = report["operations"]["get"]["latency_us"]
    assert report["requests"] == requests
    assert latency["max"] >= stall_seconds * 1e6 * 0.99
    # Of 500 requests 300 fall into the stall: half of all waited for a good part of it.
    assert latency["p50"] > 50_000
    assert latency["p99"] > latency["p50"]


def calls(redis: Server) -> dict[str, int]:
    """How often redis-server says that it has been asked each command."""
    with Connection(redis.address) as connection:
        connection.send(b"*2\r\n$4\r\nINFO\r\n$12\r\ncommandstats\r\n")
        length = int(connection.receive_until(b"\r\n")[1:])
        text = connection.receive_exactly(length + 2).decode()
    rows = (line.partition(":") for line in text.splitlines() if line.startswith("cmdstat_"))
    return {name.removeprefix("cmdstat_"): int(rest.split(",")[0].removeprefix("calls=")) for name, _, rest in rows}


def asked(redis: Server, do: Callable[[], Any]) -> dict[str, int]:
    """The calls that `do` caused."""
    before = calls(redis)
    do()
    return {name: count - before.get(name, 0) for name, count in calls(redis).items() if count != before.get(name, 0)}


SHAPE: dict[str, Any] = {"protocol": "resp", "keys": 1000, "key_bytes": 16}


def test_redis_says_that_it_was_asked_what_the_generator_counted(redis: Server) -> None:
    reports: list[dict[str, Any]] = []
    servers = [redis.endpoint]

    def body() -> None:
        reports.append(run(**SHAPE, servers=servers, workload="fill", pipeline=16, connections=2, ttl_seconds=600))
        mix = {"set_share": 0.2, "delete_share": 0.1, "pipeline": 7, "threads": 2}
        reports.append(run(**SHAPE, **mix, servers=servers, requests=5000, verify=True))
        reports.append(run(**SHAPE, servers=servers, keys_per_get=9, pipeline=3, requests=500, verify=True))

    said = asked(redis, body)
    fill, mix, many = reports
    assert [sum(report[name] for name in ("errors", "wrong", "stray", "unanswered")) for report in reports] == [0, 0, 0]
    counts = {name: operation["requests"] for name, operation in mix["operations"].items()}
    assert said["set"] == fill["requests"] + counts["set"] == 1000 + counts["set"]
    assert (said["get"], said["del"], said["mget"]) == (counts["get"], counts["delete"], many["requests"])
    assert sum(counts.values()) == mix["requests"] == 5000
    assert many["keys"] == 4500 > many["hits"] > 0


def test_the_generator_and_redis_benchmark_ask_alike(redis: Server) -> None:
    program, port = find_peer("redis-benchmark", "redis-tools"), str(redis.port)
    requests, pipeline, clients = 20_000, 16, 50
    flags = {"-p": port, "-c": clients, "-n": requests, "-P": pipeline, "-r": 1000, "-d": 100, "-t": "get"}
    words = [program, "--csv", *(str(word) for flag in flags.items() for word in flag)]

    def theirs() -> None:
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        assert any(row[:1] == ["GET"] and float(row[1]) > 0 for row in csv.reader(done.stdout.splitlines()))

    def ours() -> None:
        report = run(**SHAPE, servers=[redis.endpoint], connections=clients, pipeline=pipeline, requests=requests)
        assert report["operations"]["get"]["requests"] == report["keys"] == requests

    assert asked(redis, ours)["get"] == requests
    assert asked(redis, theirs)["get"] == requests


def test_any_command_is_asked_as_often_as_its_weight_says(redis: Server) -> None:
    texts = {
        "RPUSH list:__key__ __value__": 3,
        "HSET hash:__key__ field:__number__ a__value__b": 1,
        "LRANGE list:__key__ 0 __number__": 1,
        "HGETALL hash:__key__": 1,
        "ZADD board __number__ member:__key__": 1,
        "ZRANGE board 0 9 WITHSCORES": 1,
        "EVAL return{1,{'a',{redis.status_reply('fine'),false}}} 0": 1,
    }
    commands = [{"words": text.split(" "), "weight": weight} for text, weight in texts.items()]
    reports: list[dict[str, Any]] = []
    sizes = {"kind": "uniform", "min": 0, "max": 300}
    shape = {**SHAPE, "servers": [redis.endpoint], "pipeline": 5, "value_bytes": sizes}
    said = asked(redis, lambda: reports.append(run(**shape, commands=commands, requests=9000)))
    report = reports[0]
    assert (report["requests"], report["errors"], report["stray"], report["unanswered"]) == (9000, 0, 0, 0)
    counts = {name.split()[0].lower(): row["requests"] for name, row in report["operations"].items()}
    assert counts == {name: said[name] for name in counts}
    assert 2500 < counts["rpush"] < 3500


def test_an_error_reply_is_counted_and_shown(redis: Server) -> None:
    shape: dict[str, Any] = {**SHAPE, "servers": [redis.endpoint], "requests": 10}
    report = run(**shape, commands=[{"words": ["NOSUCH", "__key__"]}])
    assert (report["requests"], report["errors"]) == (10, 10)
    assert report["first_error"].startswith("-ERR unknown command")


def test_replies_of_resp3_are_understood(redis: Server) -> None:
    commands = [{"words": words.split()} for words in ("HELLO 3", "CONFIG GET maxmemory", "ZSCORE nothing x")]
    report = run(protocol="resp", servers=[redis.endpoint], commands=commands, connections=3, requests=300)
    assert (report["requests"], report["errors"], report["unanswered"]) == (300, 0, 0)


def test_a_command_that_cannot_be_written_is_named() -> None:
    with pytest.raises(ValueError, match="one __value__ or __number__ in a word"):
        run(protocol="resp", commands=[{"words": ["SET", "__key__", "__value____number__"]}])
