"""Server processes for tests: ours (node, proxy) and the real peers, on free ports of the loopback address.

A server counts as started when it accepts a connection, and is ended by its process id. A peer that is not installed
skips the tests that need it, with the reason; under CI=true, where it must be there, it fails them.
"""

import atexit
import importlib.util
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import NoReturn, TypeVar

import psutil
import pytest

from tests.connection import WAIT_SECONDS, Address, open_socket

T = TypeVar("T")

LOGS = tempfile.TemporaryDirectory(prefix="memcluster-test-")
"""What servers wrote, for as long as the tests run: a failed one shows it."""
atexit.register(LOGS.cleanup)

LOOPBACK = "127.0.0.1"
START_SECONDS = 30.0
ATTEMPTS_MAX = 3
"""A free port can be taken between being found and being used."""
FIRST_OF_KERNEL = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
FREE_OF_KERNEL = range(16_000, FIRST_OF_KERNEL) or range(16_000, 65_536)
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
EACH = len(FREE_OF_KERNEL) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
PORTS = FREE_OF_KERNEL[WORKER * EACH :][:EACH]
"""Which the kernel gives to nobody who asks for any port: one stays free until it is used, and used again. Processes
that share the tests out have none in common: a group that takes the ports next to its own takes nobody's."""
ASKED = itertools.count(os.getpid() * 100)


@dataclass
class Server:
    """A running server process."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    host: str = LOOPBACK
    children: list["Server"] = field(default_factory=list)
    """Servers behind this one, ended with it."""

    @property
    def address(self) -> Address:
        return (self.host, self.port)

    @property
    def endpoint(self) -> str:
        return f"{self.host}:{self.port}"

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def freeze(self) -> None:
        """Stops it, and returns when every one of its threads stands still."""
        self.signal(signal.SIGSTOP)
        wait_for(lambda: self._thread_states() == {"T"}, f"{self.name} to stand still")

    def _thread_states(self) -> set[str]:
        stats = Path(f"/proc/{self.process.pid}/task").glob("*/stat")
        return {stat.read_text().rpartition(")")[2].split()[0] for stat in stats}

    def kill(self) -> None:
        """As kill -9 does it."""
        self.process.kill()
        self.process.wait(WAIT_SECONDS)

    def stop(self) -> None:
        """Asks it to end, waits, insists."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(WAIT_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        for child in self.children:
            child.stop()

    def is_running(self) -> bool:
        return self.process.poll() is None

    def resident_bytes(self) -> int:
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def descriptors(self) -> int:
        return int(psutil.Process(self.process.pid).num_fds())

    def says(self) -> str:
        """What it has written to stdout and stderr so far."""
        return self.log.read_text(errors="replace")


def free_port() -> int:
    """One that nobody has, and that this run has not named before."""
    for number in itertools.islice(ASKED, len(PORTS)):
        port = PORTS[number % len(PORTS)]
        with socket.socket() as probe, suppress(OSError):
            probe.bind((LOOPBACK, port))
            return port
    raise AssertionError(f"no port of {LOOPBACK} is free between {PORTS[0]} and {PORTS[-1]}")


def wait_for(condition: Callable[[], T], what: str, seconds: float = WAIT_SECONDS) -> T:
    """Polls until the condition is true and returns what it said; an AssertionError names what never happened."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.005)
    return answer


def accepts(address: Address) -> bool:
    try:
        open_socket(address, 1.0).close()
    except OSError:
        return False
    return True


def start(
    name: str, command: Callable[[int], Sequence[str]], *, port: int | None = None, descriptors_max: int | None = None
) -> Server:
    """Starts `command(port)`, with so many file descriptors at most, and waits until it accepts connections."""
    for _ in range(1 if port else ATTEMPTS_MAX):
        server = _launch(name, command, port or free_port(), descriptors_max)
        _wait_until_it_accepts(server)
        if server.is_running():
            return server
    raise AssertionError(
        f"{name} on port {server.port} ended with status {server.process.returncode}:\n{server.says()}"
    )


def _wait_until_it_accepts(server: Server) -> None:
    what = f"{server.name} to accept on {server.endpoint}"
    wait_for(lambda: accepts(server.address) or not server.is_running(), what, START_SECONDS)


def _launch(name: str, command: Callable[[int], Sequence[str]], port: int, descriptors_max: int | None) -> Server:
    handle, path = tempfile.mkstemp(prefix=f"{name}-", suffix=".log", dir=LOGS.name)
    bound = ["setpriv", "--pdeathsig", "KILL"]  # It does not outlive a test run that is killed.
    limit = ["prlimit", f"--nofile={descriptors_max}"] if descriptors_max else []
    process = subprocess.Popen([*bound, *limit, *command(port)], stdin=subprocess.DEVNULL, stdout=handle, stderr=handle)
    os.close(handle)
    return Server(name, port, process, Path(path))


# --- the real peers


def find_peer(name: str, package: str, variable: str | None = None) -> str:
    """The path of a peer's program; another one can be named by an environment variable."""
    wanted = os.environ.get(variable, name) if variable else name
    found = shutil.which(wanted, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not found:
        _go_without(f"{wanted} is not installed (apt-get install {package})")
    return found


def needed_module(name: str, package: str) -> ModuleType:
    """A client library that needs a system package to be built."""
    if importlib.util.find_spec(name) is None:
        _go_without(f"{name} is not installed (pip install '.[peers]', which needs {package})", is_module=True)
    return importlib.import_module(name)


def _go_without(reason: str, *, is_module: bool = False) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason, allow_module_level=is_module)


def memcached_program() -> str:
    return find_peer("memcached", "memcached", variable="MEMCACHED")


def start_memcached(*flags: str, program: str | None = None, port: int | None = None) -> Server:
    path = program or memcached_program()
    account = ["-u", "root"] if os.getuid() == 0 else []
    return start("memcached", lambda port: [path, *account, "-l", LOOPBACK, "-p", str(port), *flags], port=port)


def start_redis_to_compare() -> Server:
    """One whose blocked clients wait hardly longer than they asked for, and whose DEBUG answers."""
    return start_redis("--hz", "500", "--enable-debug-command", "yes", "--hash-max-listpack-entries", "128")


def start_redis(*flags: str, port: int | None = None) -> Server:
    """A redis-server that keeps nothing on disk."""
    path = find_peer("redis-server", "redis-server", "REDIS")
    nothing = ["--save", "", "--appendonly", "no"]
    return start("redis", lambda port: [path, "--bind", LOOPBACK, "--port", str(port), *nothing, *flags], port=port)


# --- ours


def memcluster(*arguments: str) -> list[str]:
    """The command line of this checkout's `memcluster`."""
    return [sys.executable, "-m", "memcluster", *arguments]


def run_to_its_end(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A verb that ends by itself: what it has said, and its status."""
    command = memcluster(*arguments)
    return subprocess.run(command, capture_output=True, text=True, timeout=WAIT_SECONDS, check=False)


def start_node(*flags: str, port: int | None = None, descriptors_max: int | None = None) -> Server:
    def command(port: int) -> list[str]:
        return memcluster("node", "-l", LOOPBACK, "-p", str(port), *flags)

    return start("node", command, port=port, descriptors_max=descriptors_max)


def start_redis_mode(*arguments: str, port: int | None = None, descriptors_max: int | None = None) -> Server:
    """A Redis-mode node, in a folder of its own unless told otherwise: one that saves leaves nothing to the next."""
    folder = tempfile.mkdtemp(prefix="redis-mode-", dir=LOGS.name)

    def command(port: int) -> list[str]:
        return memcluster("redis", "--port", str(port), "--dir", folder, *arguments)

    return start("redis-mode", command, port=port, descriptors_max=descriptors_max)


def start_proxy(endpoints: Sequence[str], *flags: str, descriptors_max: int | None = None) -> Server:
    """A proxy in front of these servers. One that a busy machine holds up is not down for it, unless flags say so."""
    behind = [word for endpoint in endpoints for word in ("--server", endpoint)]
    limit = f"{WAIT_SECONDS:g}s"
    patience = ("--connect-timeout", limit, "--request-timeout", limit) if endpoints else ()

    def command(port: int) -> list[str]:
        return memcluster("proxy", "--listen", f"{LOOPBACK}:{port}", *behind, *patience, *flags)

    return start("proxy", command, descriptors_max=descriptors_max)


def start_proxy_over_nodes(nodes: int = 3, *flags: str, node_flags: Sequence[str] = ()) -> Server:
    """A proxy and its nodes, all of them processes; stopping the proxy stops the nodes."""
    behind = [start_node(*node_flags) for _ in range(nodes)]
    proxy = start_proxy([server.endpoint for server in behind], *flags)
    proxy.children = behind
    return proxy
