"""redis-cli and redis-benchmark against a Redis-mode node."""

import subprocess

import pytest

from tests.servers import Server, find_peer

TESTS = (
    "PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "LPUSH", "RPUSH", "LPOP", "RPOP", "SADD", "HSET", "SPOP", "ZADD",
    "ZPOPMIN", "LRANGE_100", "LRANGE_300", "LRANGE_500", "LRANGE_600", "MSET",
)  # fmt: skip


def say(server: Server, *words: str, typed: str | None = None) -> str:
    command = [find_peer("redis-cli", "redis-tools"), "-h", server.host, "-p", str(server.port), *words]
    ended = subprocess.run(command, input=typed, capture_output=True, text=True, timeout=60, check=True)
    return ended.stdout


@pytest.fixture(autouse=True)
def emptied(redis_mode: Server) -> None:
    assert say(redis_mode, "FLUSHALL") == "OK\n"


@pytest.mark.parametrize("flags", [(), ("-3",)])
def test_redis_cli(redis_mode: Server, flags: tuple[str, ...]) -> None:
    assert say(redis_mode, *flags, "SET", "a", "1") == "OK\n"
    assert say(redis_mode, *flags, "INCR", "a") == "2\n"
    assert say(redis_mode, *flags, "HSET", "h", "x", "1", "y", "2") == "2\n"
    assert say(redis_mode, *flags, "HGETALL", "h").split() in (["x", "1", "y", "2"], ["x 1", "y 2"])
    assert "WRONGTYPE" in say(redis_mode, *flags, "LPUSH", "a", "x")
    assert say(redis_mode, *flags, "-n", "4", "DBSIZE") == "0\n"
    assert say(redis_mode, *flags, typed="MULTI\nSET a 5\nGET a\nEXEC\n").splitlines()[-2:] == ["OK", "5"]
    assert "# Keyspace\ndb0:keys=2" in say(redis_mode, *flags, "INFO", "keyspace").replace("\r", "")
    assert say(redis_mode, *flags, "EVAL", "return KEYS[1]", "1", "k") == "k\n"


def test_loading_in_bulk(redis_mode: Server) -> None:
    typed = "".join(f"SET key{number} value{number}\r\n" for number in range(1000))
    assert "errors: 0, replies: 1000" in say(redis_mode, "--pipe", typed=typed)
    assert say(redis_mode, "GET", "key999") == "value999\n"


def test_looking_through_the_keys(redis_mode: Server) -> None:
    say(redis_mode, typed="".join(f"SET key{number} {'x' * (number + 1)}\n" for number in range(100)))
    assert len(say(redis_mode, "--scan", "--pattern", "key*").split()) == 100
    assert "Biggest string found '\"key99\"' has 100 bytes" in say(redis_mode, "--bigkeys")
    assert "Biggest string found" in say(redis_mode, "--memkeys")


def test_redis_benchmark_runs_its_whole_list(redis_mode: Server) -> None:
    command = [find_peer("redis-benchmark", "redis-tools"), "-h", redis_mode.host, "-p", str(redis_mode.port)]
    small = ["-n", "500", "-c", "10", "-q", "-P", "4", "--csv"]
    ended = subprocess.run([*command, *small], capture_output=True, text=True, timeout=120, check=True)
    rows = ended.stdout.splitlines()
    measured = " ".join(row.split(",")[0] for row in rows)
    assert [name for name in TESTS if name not in measured] == []
    assert "ERR" not in ended.stdout + ended.stderr
