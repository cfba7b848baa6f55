"""A proxy before real memcached servers: it serves, is found, follows its settings file, and looks after its nodes."""

import logging
import signal
from contextlib import contextmanager

import pytest
import trio

from memcluster.errors import ConfigError, NodeError
from memcluster.proxy.pools import load
from memcluster.proxy.proxy import Proxy
from tests.connection import Connection
from tests.servers import start_memcached, start_proxy, wait_for
from tests.unit.proxy.waiting import until

QUICK = {"probe_interval": 0.05, "failure_limit": 1, "request_timeout": 0.3, "connect_timeout": 0.3}
KEYS = [b"key:%d" % number for number in range(50)]
ATTEMPTS_MAX = 5


class HeldUpError(Exception):
    """Another node than the one that hangs was asked in vain."""


@pytest.fixture(scope="module")
def servers():
    found = [start_memcached() for _ in range(3)]
    yield found
    for server in found:
        server.stop()


def connect(proxy):
    host, _, port = proxy.address.rpartition(":")
    return Connection((host, int(port)))


def over(servers, **settings):
    return Proxy.over([server.endpoint for server in servers], listen=("127.0.0.1:0",), threads=2, **settings)


def store(client, value):
    return [client.ask(b"set %s 0 0 %d\r\n%s\r\n" % (key, len(value), value)) for key in KEYS]


def values(client):
    """What each key holds now."""
    answer = client.ask(b"get " + b" ".join(KEYS) + b"\r\n", b"END\r\n")
    lines = answer.split(b"\r\n")
    return {line.split()[1]: lines[number + 1] for number, line in enumerate(lines) if line.startswith(b"VALUE ")}


async def test_it_serves_and_lists_itself(servers):
    async with over(servers) as proxy:
        with connect(proxy) as client:
            assert set(store(client, b"x")) == {b"STORED\r\n"}
            assert values(client) == dict.fromkeys(KEYS, b"x")
            port = proxy.address.rpartition(":")[2]
            found = client.ask(b"config get cluster\r\n", b"END\r\n")
            assert f"1\n127.0.0.1|127.0.0.1|{port}\n\r\n".encode() in found


async def test_it_lists_the_nodes_if_told_to(servers):
    async with over(servers, cluster_config="nodes") as proxy:
        with connect(proxy) as client:
            found = client.ask(b"config get cluster\r\n", b"END\r\n")
    assert all(f"127.0.0.1|127.0.0.1|{server.port}".encode() in found for server in servers)


async def test_an_ejected_node_returns_without_what_it_held(servers):
    for number in range(ATTEMPTS_MAX):
        try:
            return await eject_one(servers, b"old %d" % number, b"new %d" % number)
        except HeldUpError:
            continue
    raise AssertionError("other nodes were held up each time")


async def eject_one(servers, old, new):
    hung, *others = servers
    async with over(servers, down="eject", **QUICK) as proxy:
        with connect(proxy) as client:
            with others_answer(proxy, others):
                assert set(store(client, old)) == {b"STORED\r\n"}
            hung.freeze()
            try:
                await until(lambda: set(store(client, new)) == {b"STORED\r\n"}, "the other nodes to take the keys")
                with others_answer(proxy, others):
                    assert values(client) == dict.fromkeys(KEYS, new)
            finally:
                hung.signal(signal.SIGCONT)
            await until(lambda: len(values(client)) < len(KEYS), "the node to be back, empty")
            with others_answer(proxy, others):
                assert set(values(client).values()) == {new}
            await until(lambda: proxy.stats("proxy")[f"node:{hung.endpoint}:state"] == "up", "its state to be up")


@contextmanager
def others_answer(proxy, others):
    """What is asserted inside holds as long as these do not fail; HeldUpError if a busy machine has held one up."""
    try:
        yield
    except (AssertionError, TimeoutError) as error:
        counted = proxy.stats("proxy")
        if any(int(counted[f"node:{other.endpoint}:{what}"]) for other in others for what in ("errors", "timeouts")):
            raise HeldUpError from error
        raise


async def test_strays_are_deleted_from_the_others(servers):
    """What they held for the node while it was out: a second ejection shall not bring it back."""
    hung, *others = servers
    async with over(servers, down="eject", **QUICK) as proxy:
        with connect(proxy) as client:
            for value in (b"first", b"second"):
                hung.freeze()
                try:
                    await until(lambda value=value: set(store(client, value)) == {b"STORED\r\n"}, "the ejection")
                finally:
                    hung.signal(signal.SIGCONT)
                await until(lambda: len(values(client)) < len(KEYS), "the node to be back, empty")
                lost = set(KEYS) - set(values(client))
                await until(
                    lambda lost=lost: not any(holds(other, key) for other in others for key in lost), "the sweep"
                )


def holds(server, key):
    with Connection(server.address) as client:
        return client.ask(b"get %s\r\n" % key, b"END\r\n") != b"END\r\n"


async def test_a_changed_file_is_followed_and_a_wrong_one_is_not(servers, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    path = tmp_path / "proxy.toml"
    first, second, third = (server.endpoint for server in servers)
    settings = '[proxy]\nlisten = ["127.0.0.1:0"]\nreload_interval = "10ms"\n[[pool]]\nname = "main"\nservers = [{}]\n'

    def write(*members):
        path.write_text(settings.format(", ".join(f'"{member}"' for member in members)))

    write(first)
    async with Proxy(load(path), path) as proxy:
        with connect(proxy) as client:
            assert proxy.stats("proxy")["pool:main:nodes"] == first
            write(second, third)
            await until(lambda: proxy.stats("proxy")["pool:main:nodes"] == f"{second},{third}", "the new servers")
            path.write_text("[[pool]]\nname = ")
            await until(lambda: "settings not reloaded, the old ones stay" in caplog.text, "the complaint")
            assert f"{path}:2:" in caplog.text
            assert proxy.stats("proxy")["pool:main:nodes"] == f"{second},{third}"
            assert set(store(client, b"x")) == {b"STORED\r\n"}


async def test_no_request_is_dropped_by_a_reload(servers, tmp_path):
    path = tmp_path / "proxy.toml"
    fleets = ['"{0}", "{1}"', '"{1}", "{2}"', '"{2}", "{0}", "{1}"']
    text = '[proxy]\nlisten = ["127.0.0.1:0"]\n[[pool]]\nname = "main"\nservers = [{}]\n'
    endpoints = [server.endpoint for server in servers]

    def write(number):
        path.write_text(text.format(fleets[number % 3].format(*endpoints)))

    write(0)
    async with Proxy(load(path)) as proxy:
        answers, is_over = [], []

        def ask():
            with connect(proxy) as client:
                while not is_over:
                    answers.extend(store(client, b"x"))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.to_thread.run_sync, ask)
            for number in range(30):
                write(number)
                proxy.install(load(path))
                await until(lambda number=number: len(answers) > 20 * number, "more answers")
            is_over.append(True)
        assert set(answers) == {b"STORED\r\n"}


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"listen": ("10.99.99.99:5000",)}, "10.99.99.99:5000.* is not one of this host's; give another with --listen"),
        ({"unix_socket": "/nonexistent/socket"}, "/nonexistent/socket.* make the socket's folder first"),
    ],
)
def test_what_cannot_be_bound_is_said(settings, complaint):
    with pytest.raises(NodeError, match=complaint):
        Proxy.over(["127.0.0.1:1"], **{"listen": ("127.0.0.1:0",)} | settings)


def test_a_taken_port_is_said(servers):
    with pytest.raises(NodeError, match=f"{servers[0].endpoint}.*in use.*another server has it"):
        Proxy.over(["127.0.0.1:1"], listen=(servers[0].endpoint,))


def test_a_server_without_an_address_is_named():
    with pytest.raises(ConfigError, match=r"nowhere\.invalid:1"):
        Proxy.over(["nowhere.invalid:1"], listen=("127.0.0.1:0",))


def test_the_process_reloads_on_sighup_and_ends_on_sigterm(servers, tmp_path):
    path = tmp_path / "proxy.toml"
    first, second, _ = (server.endpoint for server in servers)
    path.write_text(f'[proxy]\nreload_interval = 0\n[[pool]]\nname = "main"\nservers = ["{first}"]\n')
    proxy = start_proxy([], "--config", str(path))
    try:
        path.write_text(f'[proxy]\nreload_interval = 0\n[[pool]]\nname = "main"\nservers = ["{second}"]\n')
        proxy.signal(signal.SIGHUP)
        wait_for(lambda: "settings reloaded" in proxy.says(), "the reload")
        with Connection(proxy.address) as client:
            assert f"STAT pool:main:nodes {second}\r\n".encode() in client.ask(b"stats proxy\r\n", b"END\r\n")
    finally:
        proxy.stop()
    assert proxy.process.returncode == 0
    assert "Traceback" not in proxy.says()
