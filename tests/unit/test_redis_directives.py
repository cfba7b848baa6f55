"""redis.conf and redis-server's command line: what is read, what is refused, and what errors say."""

import shutil
import subprocess
from pathlib import Path

import pytest

from memcluster._native import redis_directives
from memcluster.errors import ConfigError
from memcluster.redis.configuration import Given, read_arguments, read_file, read_text, split
from memcluster.redis.directives import Verdict, by_name
from memcluster.redis.settings import READERS, RedisSettings, from_environment, from_names, settle
from tests.servers import accepts, wait_for

DEBIAN_CONFIGURATION = Path("/etc/redis/redis.conf")


def settled(text: str) -> RedisSettings:
    return settle(read_text(text, "redis.conf"))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a b  c", ["a", "b", "c"]),
        ('save ""', ["save", ""]),
        (r'"a\nb\x41\"" c', ['a\nbA"', "c"]),
        (r"'a\nb\'' c", ["a\\nb'", "c"]),
        ('a"b"', ["ab"]),
        ('"a"b', None),
        ('"a', None),
        ("'a' \"", None),
    ],
)
def test_words_and_quotes_are_rediss(line: str, words: list[str] | None) -> None:
    assert split(line) == words


def test_a_file_with_includes(tmp_path: Path) -> None:
    (tmp_path / "more.conf").write_text("maxmemory 1gb\n")
    (tmp_path / "redis.conf").write_text(f"# text\n\nPORT 7000\ninclude {tmp_path}/m*.conf\nbind 127.0.0.1 -::1\n")
    assert list(read_file(tmp_path / "redis.conf")) == [
        Given("port", ("7000",), f"{tmp_path}/redis.conf:3"),
        Given("maxmemory", ("1gb",), f"{tmp_path}/more.conf:1"),
        Given("bind", ("127.0.0.1", "-::1"), f"{tmp_path}/redis.conf:5"),
    ]


def test_a_file_that_includes_itself(tmp_path: Path) -> None:
    path = tmp_path / "redis.conf"
    path.write_text(f"include {path}\n")
    with pytest.raises(ConfigError, match="include each other more than 16 deep"):
        list(read_file(path))


def test_a_command_line() -> None:
    given = list(read_arguments(["--port", "7000", "--bind", "127.0.0.1", "::1", "--save", "", "--timeout=5"]))
    assert [(each.name, each.words) for each in given] == [
        ("port", ("7000",)),
        ("bind", ("127.0.0.1", "::1")),
        ("save", ("",)),
        ("timeout", ("5",)),
    ]


def test_the_last_one_wins() -> None:
    file = read_text("port 7000\nthreads 2\ntimeout 9\n", "redis.conf")
    environment = from_environment({"MEMCLUSTER_REDIS_PORT": "7001", "MEMCLUSTER_REDIS_TCP_BACKLOG": "9"})
    flags = read_arguments(["--port", "7002"])
    settings = settle([*file, *environment, *flags])
    assert (settings.port, settings.io_threads, settings.timeout, settings.tcp_backlog) == (7002, 2, 9, 9)


def test_directives_as_python_writes_them() -> None:
    settings = settle(from_names({"port": 0, "bind": ["127.0.0.1"], "daemonize": False, "maxmemory": "1gb"}, "here"))
    assert settings.port == 0
    assert settings.served[-1] == Given("maxmemory", ("1gb",), "here")


def test_what_the_engine_reads_is_handed_on_as_it_stands() -> None:
    settings = settled("hash-max-ziplist-entries 5\nuser alice on >x ~*\nuser bob off\n")
    assert [(given.name, given.value) for given in settings.served] == [
        ("hash-max-listpack-entries", "5"),
        ("user", "alice on >x ~*"),
        ("user", "bob off"),
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("port 1\nmaxmemory-polcy a", "redis.conf:2: maxmemory-polcy: Redis knows no such directive: did you mean"),
        ("port", "redis.conf:1: port needs a value"),
        ("port x", "redis.conf:1: port x: write a whole number from 0 to 65535"),
        ("\n\nport 65536", "redis.conf:3: port 65536: write a whole number from 0 to 65535"),
        ("daemonize maybe", "redis.conf:1: daemonize maybe: write one of yes, no"),
        ("loglevel loud", "redis.conf:1: loglevel loud: write one of debug, verbose, notice, warning, nothing"),
        ("unixsocketperm 9", "redis.conf:1: unixsocketperm 9: '9' is no access mode"),
        ('bind "a', 'redis.conf:1: a quote is not closed, or something follows right behind one: bind "a'),
        ("aof-use-rdb-preamble no", "redis.conf:1: aof-use-rdb-preamble no is refused: a base is always a snapshot"),
        (
            "repl-diskless-load swapdb",
            "redis.conf:1: repl-diskless-load swapdb is refused: a snapshot is kept in a file",
        ),
        ("tls-port 6380", "redis.conf:1: tls-port 6380 is refused: TLS is not served"),
        ("include a b", "redis.conf:1: include takes one file or pattern"),
        ("include /none/such", "/none/such: No such file or directory"),
    ],
)
def test_what_cannot_be_names_the_line(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settled(text)
    assert str(caught.value).startswith(complaint)


def test_what_does_not_matter_is_a_line_in_the_log() -> None:
    settings = settled("tcp-keepalive 60\nactiverehashing yes\nappendonly no\nsave ''\nslave-read-only yes\n")
    assert settings.warnings == (
        "redis.conf:1: tcp-keepalive 60 is ignored: connections are kept alive by the system's settings",
    )


def test_debians_file_is_taken() -> None:
    if not DEBIAN_CONFIGURATION.exists():
        pytest.skip("Debian's redis.conf is not here (apt-get install redis-server)")
    settings = settle(read_file(DEBIAN_CONFIGURATION))
    assert settings.daemonize
    assert settings.logfile == "/var/log/redis/redis-server.log"


def test_every_row_of_the_process_is_read() -> None:
    assert {row.name for row in by_name().values() if row.verdict is Verdict.PROCESS} == set(READERS)


def test_the_engine_serves_what_is_handed_on() -> None:
    served = {name: default for name, _, default, _ in redis_directives()}
    handed_on = [
        row for row in dict.fromkeys(by_name().values()) if row.verdict is Verdict.ENGINE and row.name != "user"
    ]
    assert [row.name for row in handed_on if row.name not in served] == []
    assert [row.name for row in handed_on if row.default != served[row.name]] == []


def test_every_directive_of_the_engine_is_known() -> None:
    names = [name for row in redis_directives() for name in row[:2] if name]
    assert [name for name in names if name not in by_name()] == []


def test_no_name_stands_twice() -> None:
    from memcluster.redis.served import SERVED
    from memcluster.redis.unserved import UNSERVED

    names = [name for row in (*SERVED, *UNSERVED) for name in (row.name, *row.aliases)]
    assert len(names) == len(set(names))


def test_every_directive_of_redis_server_is_known(tmp_path: Path) -> None:
    program, client = shutil.which("redis-server"), shutil.which("redis-cli")
    if not program or not client:
        pytest.skip("redis-server is not installed (apt-get install redis-server redis-tools)")
    path = tmp_path / "socket"
    quiet = subprocess.DEVNULL
    server = subprocess.Popen([program, "--port", "0", "--unixsocket", str(path), "--save", ""], stdout=quiet)
    try:
        # The socket is there before anybody listens on it.
        wait_for(lambda: accepts(str(path)), "redis-server's socket")
        said = subprocess.run(
            [client, "-s", str(path), "config", "get", "*"], capture_output=True, text=True, check=True
        )
    finally:
        server.terminate()
        server.wait(10)
    names = said.stdout.split("\n")[:-1:2]
    assert len(names) > 150
    assert not [name for name in names if name not in by_name()]
