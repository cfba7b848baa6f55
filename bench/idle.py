"""Idle connections: what each of them costs the server in resident memory, after one request on it."""

import contextlib
import socket

from bench.contest import Figures, Scene


def measure(scene: Scene) -> Figures:
    """Opens the connections one after the other and keeps them."""
    count = scene.settings["connections"]
    before = scene.server.resident_bytes
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", scene.server.port), timeout=5))
            connection.sendall(b"get bench\r\n")
            connection.recv(16)
        grown = scene.server.resident_bytes - before
    return {"bytes_per_connection": grown / count, "resident_mb": (before + grown) / (1 << 20)}
