"""`memcluster migrate` while clients write: into ours from redis-server and from ours, and the way out again."""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Callable

import pytest
from redis import Redis

from tests.backup.writing import Writer, contents, digest, fill
from tests.connection import WAIT_SECONDS
from tests.servers import LOGS, Server, memcluster, start_redis, start_redis_mode, wait_for

Keep = Callable[[Server], Server]


def own_folder() -> list[str]:
    """A replica that is sent its primary's data writes them into its directory."""
    return ["--dir", tempfile.mkdtemp(prefix="server-", dir=LOGS.name)]


KINDS = {
    "redis-server": lambda *words: start_redis(
        "--enable-debug-command", "yes", "--repl-diskless-sync-delay", "0", *own_folder(), *words
    ),
    "ours": lambda *words: start_redis_mode("--threads", "2", "--enable-debug-command", "yes", *own_folder(), *words),
}
WAYS = [("redis-server", "ours"), ("ours", "ours"), ("ours", "redis-server")]
ways = pytest.mark.parametrize(("source_kind", "target_kind"), WAYS)


def migrate(*words: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        memcluster("migrate", *words),
        capture_output=True, text=True, timeout=4 * WAIT_SECONDS, check=False, env=os.environ | (environment or {}),
    )  # fmt: skip


def done(*words: str, environment: dict[str, str] | None = None) -> str:
    ended = migrate(*words, environment=environment)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def status(server: Server) -> dict[str, object]:
    found: dict[str, object] = json.loads(done("status", "--server", server.endpoint, "--json"))
    return found


@ways
def test_under_load_nothing_is_lost(started: Keep, source_kind: str, target_kind: str) -> None:
    source, target = started(KINDS[source_kind]()), started(KINDS[target_kind]())
    fill(source)
    assert status(target)["phase"] == "none"
    with Writer(source) as writer:
        assert "can follow" in done("test", source.endpoint, "--server", target.endpoint)
        done("start", source.endpoint, "--server", target.endpoint)
        wait_for(lambda: status(target)["phase"] == "following", "the target to follow", 3 * WAIT_SECONDS)
        before = writer.batches
        wait_for(lambda: writer.batches > before, "the writer to go on")
        said = done("complete", "--server", target.endpoint, "--pause-source", "--wait", "5")
        assert "is a primary with" in said
        assert "stop it before then" in said
        assert contents(source) == contents(target)
        with Redis(target.host, target.port) as client:
            assert client.set("after", "1")
    assert status(target)["phase"] == "none"


def test_a_real_one_follows_ours_as_redis_cli_would_have_it(started: Keep) -> None:
    """The way out needs nothing of ours."""
    ours, theirs = started(KINDS["ours"]()), started(KINDS["redis-server"]())
    fill(ours)
    with Writer(ours), Redis(theirs.host, theirs.port, decode_responses=True) as client:
        client.replicaof(ours.host, ours.port)
        wait_for(lambda: client.info("replication")["master_link_status"] == "up", "the link", 3 * WAIT_SECONDS)
    with Redis(ours.host, ours.port) as client:
        wait_for(lambda: client.wait(1, 1000) == 1, "all to be there")
    assert digest(ours) == digest(theirs)


@ways
def test_stopped_half_way(started: Keep, source_kind: str, target_kind: str) -> None:
    source, target = started(KINDS[source_kind]()), started(KINDS[target_kind]())
    fill(source, batches=5)
    done("start", source.endpoint, "--server", target.endpoint)
    wait_for(lambda: status(target)["lag_bytes"] == 0, "the target to follow", 3 * WAIT_SECONDS)
    assert re.search(r"follows \S+ no more; it keeps \d+ keys", done("stop", "--server", target.endpoint))
    with Redis(source.host, source.port) as client:
        client.set("later", "1")
    with Redis(target.host, target.port) as client:
        assert client.get("later") is None
    assert "follows nobody" in migrate("stop", "--server", target.endpoint).stderr


@ways
def test_with_passwords(started: Keep, source_kind: str, target_kind: str) -> None:
    source = started(KINDS[source_kind]("--requirepass", "secret-of-source"))
    target = started(KINDS[target_kind]("--requirepass", "secret-of-target"))
    known = {"SOURCE_AUTH": "secret-of-source", "REDISCLI_AUTH": "secret-of-target"}
    refused = migrate("start", source.endpoint, "--server", target.endpoint)
    assert "NOAUTH" in refused.stderr
    done("start", source.endpoint, "--server", target.endpoint, environment=known)
    wait_for(
        lambda: "can be completed" in done("status", "--server", target.endpoint, environment=known),
        "the target to follow", 3 * WAIT_SECONDS,
    )  # fmt: skip
    done("complete", "--server", target.endpoint, environment=known)
    assert "secret" not in target.says() + source.says()


def test_what_would_lose_data_is_refused(started: Keep) -> None:
    source, target = started(KINDS["redis-server"]()), started(KINDS["ours"]())
    fill(target, batches=1)
    refused = migrate("start", source.endpoint, "--server", target.endpoint)
    assert re.search(r"the target holds \d+ keys, and all of them would go: give --replace", refused.stderr)
    assert refused.returncode == 1
    assert "follows nobody: begin with" in migrate("complete", "--server", target.endpoint).stderr
    assert "one server" in migrate("test", target.endpoint, "--server", target.endpoint, "--replace").stderr
    done("start", source.endpoint, "--server", target.endpoint, "--replace")
    wait_for(lambda: status(target)["lag_bytes"] == 0, "the target to follow", 3 * WAIT_SECONDS)
    with Redis(target.host, target.port) as client:
        assert client.dbsize() == 0


def test_a_source_that_is_gone(started: Keep) -> None:
    source, target = started(KINDS["redis-server"]()), started(KINDS["ours"]())
    done("start", source.endpoint, "--server", target.endpoint)
    wait_for(lambda: status(target)["lag_bytes"] == 0, "the target to follow", 3 * WAIT_SECONDS)
    source.kill()
    wait_for(lambda: status(target)["phase"] == "connecting", "the link to be down")
    assert "wait until" in migrate("complete", "--server", target.endpoint).stderr
    assert f"{source.endpoint}: " in migrate("start", source.endpoint, "--server", target.endpoint).stderr
    done("stop", "--server", target.endpoint)
    with Redis(target.host, target.port) as client:
        assert client.set("a", "1")
