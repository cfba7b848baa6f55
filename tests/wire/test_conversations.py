"""Every conversation file, held with a node, with the proxy over three nodes and with the real memcached."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.connection import ask
from tests.servers import Server, start_memcached, start_node
from tests.wire.conversation import Conversation, hold, read_conversation, version_number

DIRECTORY = Path(__file__).parent.parent / "conversations"
CONVERSATIONS = [read_conversation(path) for path in sorted(DIRECTORY.rglob("*.txt"))]
CASES = [
    pytest.param(conversation, server, id=f"{conversation.path.stem}-{server}")
    for conversation in CONVERSATIONS
    for server in conversation.servers
]


@pytest.fixture(scope="module")
def node() -> Iterator[Server]:
    """A node of its own: conversations change what others take for granted, such as the list of the cluster's nodes."""
    server = start_node("-t", "2")
    yield server
    server.stop()


@pytest.mark.parametrize(("conversation", "name"), CASES)
def test_conversation(
    conversation: Conversation, name: str, request: pytest.FixtureRequest, started: Callable[[Server], Server]
) -> None:
    if conversation.flags:
        start = start_node if name == "node" else start_memcached
        server = started(start(*conversation.flags))
    else:
        server = request.getfixturevalue(name)
    if name == "memcached" and version_of(server) < conversation.since:
        return
    ask(server.address, b"flush_all\r\n")
    hold(conversation, server.address)


def version_of(server: Server) -> tuple[int, ...]:
    return version_number(ask(server.address, b"version\r\n").decode())
