"""A raw client connection for tests: bytes out, bytes in, never longer than a deadline. It knows no protocol."""

import socket
import time
from collections.abc import Iterable
from typing import Self

WAIT_SECONDS = 10.0

Address = tuple[str, int] | str
"""Host and port, or the path of a unix socket."""


def open_socket(address: Address, timeout: float = WAIT_SECONDS) -> socket.socket:
    """A connected stream socket that sends what it is given at once."""
    if isinstance(address, str):
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        stream.settimeout(timeout)
        try:
            stream.connect(address)
        except BaseException:
            stream.close()
            raise
        return stream
    stream = socket.create_connection(address, timeout=timeout)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return stream


class Connection:
    """Sends and receives; what arrived and was not asked for yet waits in `received`."""

    def __init__(self, address: Address, timeout: float = WAIT_SECONDS) -> None:
        self.socket = open_socket(address, timeout)
        self.timeout = timeout
        self.received = b""
        self.is_ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def send(self, sent: bytes) -> None:
        self.socket.settimeout(self.timeout)
        self.socket.sendall(sent)

    def finish_sending(self) -> None:
        """Half-closes: the server reads an end, and can still answer."""
        self.socket.shutdown(socket.SHUT_WR)

    def receive_more(self, timeout: float | None = None) -> bool:
        """Waits for something to arrive; False if nothing came in time or the server has closed."""
        self.socket.settimeout(self.timeout if timeout is None else timeout)
        try:
            piece = self.socket.recv(1 << 16)
        except TimeoutError:
            return False
        except ConnectionResetError:
            piece = b""
        self.is_ended = not piece
        self.received += piece
        return bool(piece)

    def receive_until(self, ending: bytes, timeout: float | None = None) -> bytes:
        """What arrives up to and including `ending`; TimeoutError shows what came instead."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while (end := self.received.find(ending)) < 0:
            if self.is_ended or not self.receive_more(max(deadline - time.monotonic(), 0.001)):
                reason = "the server closed" if self.is_ended else "nothing more came"
                raise TimeoutError(f"{reason} before {ending!r}; received {self.received[-500:]!r}")
        taken, self.received = self.received[: end + len(ending)], self.received[end + len(ending) :]
        return taken

    def receive_exactly(self, count: int) -> bytes:
        """The next `count` bytes, or fewer if the server closes or falls silent."""
        deadline = time.monotonic() + self.timeout
        while len(self.received) < count and self.receive_more(max(deadline - time.monotonic(), 0.001)):
            pass
        taken, self.received = self.received[:count], self.received[count:]
        return taken

    def receive_all(self) -> bytes:
        """Everything up to the server's closing; TimeoutError if it does not close."""
        deadline = time.monotonic() + self.timeout
        while not self.is_ended:
            if not self.receive_more(max(deadline - time.monotonic(), 0.001)) and not self.is_ended:
                raise TimeoutError(f"the server did not close; received {self.received[-500:]!r}")
        taken, self.received = self.received, b""
        return taken

    def ask(self, sent: bytes, ending: bytes = b"\r\n") -> bytes:
        """One request and its answer."""
        self.send(sent)
        return self.receive_until(ending)


def ask(address: Address, sent: bytes, ending: bytes = b"\r\n") -> bytes:
    """One request on a connection of its own."""
    with Connection(address) as connection:
        return connection.ask(sent, ending)


def statistics(address: Address, group: str = "") -> dict[str, str]:
    """What `stats` says, as a table."""
    answer = ask(address, f"stats {group}".strip().encode() + b"\r\n", b"END\r\n")
    return dict(_rows(answer.decode("latin-1").splitlines()))


def _rows(lines: Iterable[str]) -> Iterable[tuple[str, str]]:
    for line in lines:
        if line.startswith("STAT "):
            _, name, value = line.split(" ", 2)
            yield name, value
