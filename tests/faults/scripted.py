"""A node that misbehaves: a real TCP server on the loopback address whose answers are a script's."""

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from tests.servers import LOOPBACK

Script = Callable[[socket.socket, bytes], bool]
"""Gets a connection and what was just read from it; False ends the connection."""


class ScriptedNode:
    """Serves every connection in a thread of its own, with the script as it is at that moment."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.listener = socket.create_server((LOOPBACK, 0))
        self.endpoint = f"{LOOPBACK}:{self.listener.getsockname()[1]}"
        self.connections: list[socket.socket] = []
        self.threads = [threading.Thread(target=self.accept)]

    def __enter__(self) -> Self:
        self.threads[0].start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join()
        for opened in (self.listener, *self.connections):
            opened.close()

    def accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections.append(connection)
                self.threads.append(threading.Thread(target=self.serve, args=(connection,)))
                self.threads[-1].start()

    def serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            while (received := connection.recv(1 << 16)) and self.script(connection, received):
                pass
            connection.close()


def reset(connection: socket.socket) -> None:
    """Closes as a machine that was switched off and on again does: with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
