"""A server that holds nothing and notes which keys it was asked for: it stands behind a proxy whose choice we want."""

import random
import socket
import threading
from collections.abc import Iterable

from tests.connection import Connection

KEYS_A_GET = 100


class Sink:
    """Answers every `get` line with END, every `mg` with EN, `version` and `mn` as a server would."""

    def __init__(self, address: tuple[str, int] | str) -> None:
        self.asked: list[bytes] = []
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(address)
        self.listener.listen(16)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                stream, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(stream,), daemon=True).start()

    def _serve(self, stream: socket.socket) -> None:
        unfinished = b""
        with stream:
            while received := stream.recv(1 << 18):
                *lines, unfinished = (unfinished + received).split(b"\r\n")
                stream.sendall(b"".join(self._reply(line) for line in lines))

    def _reply(self, line: bytes) -> bytes:
        verb, *keys = line.split(b" ")
        if verb == b"get":
            self.asked += [key for key in keys if key]
            return b"END\r\n"
        return b"VERSION 1.6.0\r\n" if verb == b"version" else b"MN\r\n"


def default_port_address() -> tuple[str, int]:
    """Port 11211 on a loopback address that nobody else has."""
    while True:
        host = f"127.{random.randint(1, 250)}.{random.randint(1, 250)}.{random.randint(1, 250)}"
        with socket.socket() as probe:
            try:
                probe.bind((host, 11211))
            except OSError:
                continue
        return host, 11211


def asked_through(address: tuple[str, int], keys: list[bytes], sinks: Iterable[Sink]) -> list[int]:
    """Gets all keys through a proxy; the index of the sink that each key arrived at."""
    sinks = list(sinks)
    for sink in sinks:
        sink.asked.clear()
    with Connection(address) as client:
        for start in range(0, len(keys), KEYS_A_GET):
            reply = client.ask(b"get " + b" ".join(keys[start : start + KEYS_A_GET]) + b"\r\n")
            assert reply == b"END\r\n", reply
    arrived = {key: number for number, sink in enumerate(sinks) for key in sink.asked}
    return [arrived[key] for key in keys]
