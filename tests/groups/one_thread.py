"""Stops the first thread of another process, which runs Python, while the engine's threads go on: by tracing it."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

ATTACH, DETACH = 16, 17
OF_THREADS = 0x40000000
"""__WALL: waitpid looks at threads, too."""


@contextmanager
def stopped_first_thread(pid: int) -> Iterator[None]:
    """It stands still inside the block. The caller's thread must be the same at both ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(ATTACH, pid, None, None):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    os.waitpid(pid, OF_THREADS)
    try:
        yield
    finally:
        libc.ptrace(DETACH, pid, None, None)
