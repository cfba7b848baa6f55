"""Two processes of a website share their sessions, and one that is killed takes none with it."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psutil
import pytest
from pymemcache import Client
from redis import Redis

from examples.database_cache.__main__ import server_that_is_away
from examples.session_store.__main__ import Story
from examples.session_store.browser import Browser
from examples.session_store.process import WebsiteProcess
from memcluster import Cluster
from tests.examples.running import count, run
from tests.servers import Server

ANSWER = re.compile(r"^  (?:GET|POST) (\S+) +(\w+) +(\d+|none) +(.+)$", re.MULTILINE)
HER_REQUESTS_AFTER_LOGIN = 6
"""Up to the logout, without the one that nobody answered."""


@contextmanager
def nothing_left_running() -> Iterator[None]:
    before = set(psutil.Process().children(recursive=True))
    yield
    assert set(psutil.Process().children(recursive=True)) == before


def test_the_story_ends_well_and_leaves_nothing(memcached_cluster: Cluster) -> None:
    with nothing_left_running():
        done = run("session_store", "--server", memcached_cluster.address)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    answers = ANSWER.findall(done.stdout)
    processes = Counter(process for _, _, process, _ in answers)
    assert len(processes - Counter(["none"])) == 3, "two processes, and the one that took a place"
    assert len({process for _, name, process, _ in answers if name == "first"} - {"none"}) == 2
    assert not any(psutil.pid_exists(int(process)) for process in processes if process != "none")
    assert ("/", "first", "none", "no answer") in answers
    assert answers[-1][3] == "nobody, with nothing"
    assert count(memcached_cluster, "curr_items") == 0
    assert count(memcached_cluster, "get_hits") == HER_REQUESTS_AFTER_LOGIN


def test_the_story_ends_well_on_redis_mode(redis_mode: Server) -> None:
    url = f"redis://{redis_mode.endpoint}/9"
    with Redis.from_url(url) as client, nothing_left_running():
        client.flushdb()
        done = run("session_store", "--server", url)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        assert ANSWER.findall(done.stdout)[-1][3] == "nobody, with nothing"
        assert client.dbsize() == 0


def test_an_answer_that_should_be_another_is_told(
    memcached_cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    story, browser = Story(), Browser()
    with nothing_left_running(), WebsiteProcess("only", memcached_cluster.address) as website:
        story.ask(browser, "POST /login/ada", website, "ada, with nothing")
        assert story.surprises == 0
        assert [cookie.name for cookie in browser.cookies] == ["session"]
        for node in memcached_cluster.nodes:
            with closing(Client(node.address)) as client:
                client.flush_all()
        story.ask(browser, "GET /", website, "ada, with nothing")
        assert story.surprises == 1
    assert "nobody, with nothing (should be: ada, with nothing)" in capsys.readouterr().out


def test_a_login_gets_a_new_name_for_the_session(memcached_cluster: Cluster) -> None:
    browser = Browser()
    with nothing_left_running(), WebsiteProcess("only", memcached_cluster.address) as website:
        browser.ask("POST", f"{website.url}/basket/tea")
        (before,) = browser.cookies
        page = browser.ask("POST", f"{website.url}/login/ada")
        (after,) = browser.cookies
    assert page is not None
    assert page["basket"] == ["tea"]
    assert before.value != after.value
    assert count(memcached_cluster, "curr_items") == 1


def test_without_a_cluster_it_says_what_is_missing() -> None:
    with nothing_left_running(), server_that_is_away() as away:
        done = run("session_store", "--server", away)
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"No cluster answers at {away}" in done.stderr
    assert "make up" in done.stderr
