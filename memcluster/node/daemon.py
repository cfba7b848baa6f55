"""What a Unix daemon does to itself: leave the terminal, write its pid, give up root, set its limits."""

from __future__ import annotations

import ctypes
import logging
import os
import pwd
import resource
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from memcluster.errors import NodeError

if TYPE_CHECKING:
    from collections.abc import Iterator

DESCRIPTORS_BESIDE_CONNECTIONS = 64
MCL_CURRENT_AND_FUTURE = 3

log = logging.getLogger(__name__)


def fork() -> int:
    """Goes on in a child with a session of its own; what to hand to `leave_terminal` is returned there.

    The parent stays until the child serves or fails and ends with its verdict, so that a script that starts a daemon
    knows, and errors reach the terminal.
    """
    reading, verdict = os.pipe2(os.O_CLOEXEC)
    if os.fork():
        os.close(verdict)
        os._exit(0 if os.read(reading, 1) else 1)
    os.close(reading)
    os.setsid()
    return verdict


def leave_terminal(verdict: int, *, keep_output: bool) -> None:
    """Lets the parent end well. Output stays where it went if `keep_output`, as memcached has it with -v."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0,) if keep_output else (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.close(nothing)
    os.write(verdict, b"1")
    os.close(verdict)


@contextmanager
def pid_file(name: str | None) -> Iterator[None]:
    """Writes our process id to the file, if one is named, and removes it at the end."""
    if name is None:
        yield
        return
    path = Path(name).absolute()
    try:
        path.write_text(f"{os.getpid()}\n", encoding="ascii")
    except OSError as error:
        raise NodeError(f"the pid file {name}: {error.strerror}: name one that can be written") from None
    try:
        yield
    finally:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("the pid file %s stays: %s", path, error.strerror)


def give_up_root(name: str | None) -> None:
    """Becomes this user. Staying root without being told so is worth one warning."""
    if os.geteuid() != 0:
        if name is not None:
            log.warning("-u %s is ignored: only root can become another user", name)
        return
    if name is None:
        log.warning("running as root: -u NAME gives that up, -u root says that it is meant")
        return
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise NodeError(f"-u {name}: there is no such user: name one of /etc/passwd") from None
    if user.pw_uid == 0:
        return
    os.initgroups(name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


def lock_memory() -> None:
    """Keeps what we have and what we will have out of swap; a refusal is a warning, as memcached has it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mlockall(MCL_CURRENT_AND_FUTURE) != 0:
        reason = os.strerror(ctypes.get_errno())
        log.warning("-k: memory is not locked: %s (raise the limit: ulimit -l)", reason)


def allow_descriptors(connections: int) -> None:
    """Raises the soft limit of open files to what so many connections need, as far as the hard limit lets us."""
    wanted = connections + DESCRIPTORS_BESIDE_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    possible = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if possible > soft != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (possible, hard))
    if possible < wanted:
        log.warning("-c %d does not fit the limit of %d open files: raise it (ulimit -n %d)", connections, hard, wanted)


def allow_core_dumps() -> None:
    """Raises the limit of core files as far as it goes."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
