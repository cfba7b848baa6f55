"""The settings file: what it may say, and what is said when it is wrong: file, line, key and the fix."""

import json
import re
from pathlib import Path

import pytest

from memcluster import _native
from memcluster.errors import ConfigError
from memcluster.proxy.placement import PLACEMENTS
from memcluster.proxy.pools import load, single_pool
from memcluster.proxy.topology import Rings

WHOLE = """
[proxy]
listen = ["127.0.0.1:0"]
threads = 2
default_pool = "main"

[[pool]]
name = "sessions"
placement = "memcached-jump"
servers = ["10.0.1.1:11211", "10.0.1.2:11211"]
down = "eject"

[[pool]]
name = "main"
placement = "twemproxy-ketama"
hash = "md5"
hash_tag = "{}"
servers = [
  "10.0.0.1:11211",
  "10.0.0.2:11211:2 beta",
  { host = "10.0.0.3", port = 11213, zone = "b" },
]
replicas = 2
zone = "b"
request_timeout = "250ms"

[[route]]
prefix = "session:"
pool = "sessions"
"""
POOL = '[[pool]]\nname = "main"\n'
WRONG = {
    POOL: r":1: pool\[0\]: servers is missing",
    POOL + 'servers = ["a"]\ndonw = "fail"': r":4: pool\[0\].donw: no such setting: did you mean down\?",
    POOL + 'servers = ["a"]\ndown = "explode"': r":4: pool\[0\].down: .*explode",
    POOL
    + 'servers = ["a"]\nplacement = "ketama"': r":1: .*placement 'ketama' is unknown: choose one of uhashring-ketama",
    POOL + 'servers = ["a"]\nhash = "md4"': r":1: .*hash 'md4' does not go with placement",
    POOL
    + 'servers = ["a"]\nseed = "x"': r"seed does not go with placement 'uhashring-ketama', only with memcached-jump",
    POOL + 'servers = ["a:1:2"]\nplacement = "random"': r"server 'a:1': placement 'random' knows no weights",
    POOL + 'servers = ["a:x"]': r"server 'a:x': 'x' is not a number",
    POOL + 'servers = [{ host = "a", prt = 1 }]': r":3: pool\[0\].servers\[0\].prt: no such setting: did you mean port",
    POOL + "servers = []": r"it has no servers",
    POOL + 'servers = ["a", "a"]': r"server 'a:11211' stands there twice",
    POOL + 'servers = ["a"]\nreplicas = 2': r"replicas is 2, but there are 1 servers",
    POOL + 'servers = ["a"]\nhash_tag = "{"': r"hash_tag is '{': give the two characters",
    POOL + 'servers = ["a"]\nrequest_timeout = "soon"': r":4: .*'soon' is no duration",
    POOL + 'servers = ["a"]\nrequest_timeout = 0': r"request_timeout is 0s: give it at least 1ms",
    POOL + 'servers = ["a"]\n[[route]]\nprefix = "x"\npool = "y"': r"there is no pool 'y': name one of main",
    POOL + 'servers = ["a"]\n[proxy]\ndefault_pool = "y"': r"proxy.default_pool: there is no pool 'y'",
    POOL
    + 'servers = ["a x"]\n[[pool]]\nname = "b"\nservers = ["c x"]': r"server 'x' is a:11211 in one pool and c:11211",
    "[proxy]\nthreads = 2": "pool is missing",
    "[proxy]\nthreads = 0\n" + POOL + 'servers = ["a"]': r":2: proxy.threads: expected",
    "[proxy]\nlisten = []\n" + POOL + 'servers = ["a"]': "nothing to listen on",
    "[[pool]\n": ":1: this is not TOML",
}


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "proxy.toml"
        path.write_text(text)
        return path

    return write


def test_a_whole_file_becomes_a_topology_that_the_engine_takes(written):
    document = load(written(WHOLE))
    rings = Rings(document)
    topology = rings.topology(1).encode()
    assert _native.locate(topology, b"session:1") == ("sessions", ["10.0.1.1:11211"])
    pool, holders = _native.locate(topology, b"user:{7}:name")
    assert pool == "main"
    assert len(holders) == 2
    assert _native.locate(topology, b"user:{7}:address")[1] == holders
    row = json.loads(topology)["pools"][1]
    assert (row["request_timeout_ms"], row["connect_timeout_ms"], row["zone"]) == (250, 500, "b")
    assert [node["name"] for node in json.loads(topology)["nodes"]][-2:] == ["beta", "10.0.0.3:11213"]
    assert rings.ejecting() == {"10.0.1.1:11211", "10.0.1.2:11211"}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_said(written, text):
    path = written(text)
    with pytest.raises(ConfigError, match=WRONG[text]) as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_only_pools_that_eject_lose_a_server():
    servers = ["10.0.0.1:1", "10.0.0.2:1"]
    for policy, left in (("fail", 2), ("miss", 2), ("eject", 1)):
        rings = Rings(single_pool(servers, {"down": policy}))
        pool = json.loads(rings.topology(2, {"10.0.0.1:1"}).encode())["pools"][0]
        assert len(pool["nodes"]) == left


def test_an_unknown_setting_of_a_proxy_object_is_named():
    with pytest.raises(ConfigError, match="colour"):
        single_pool(["a"], {"colour": "red"})


def test_the_documentation_lists_every_placement_and_its_file_is_right(written):
    text = (Path(__file__).parents[3] / "docs" / "proxy.md").read_text()
    listed = {
        name for line in text.splitlines() if line.startswith("| `") for name in re.findall(r"`([^`]+)`", line)[:1]
    }
    assert set(PLACEMENTS) <= listed
    example = text.partition("```toml\n")[2].partition("```")[0]
    assert len(load(written(example)).pool) == 2
