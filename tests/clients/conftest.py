"""Client libraries leave sockets open, to the garbage collector or for ever: closed here, and no warning."""

import gc
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.filterwarnings("ignore::ResourceWarning"))


@pytest.fixture(autouse=True)
def closed_sockets() -> Iterator[None]:
    before = sockets()
    yield
    for left_open in sockets() - before:
        left_open.close()


def sockets() -> set[socket.socket]:
    # The type is asked, not the object: an object may answer for its class itself, and Django's settings then complain.
    return {found for found in gc.get_objects() if issubclass(type(found), socket.socket)}
