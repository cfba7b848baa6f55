"""Random commands get the same answers from our node, from our proxy over three nodes and from the real memcached."""

import os

import pytest

from tests.connection import ask
from tests.servers import Server
from tests.wire.conversation import version_number
from tests.wire.differential.differences import known
from tests.wire.differential.document import DOCUMENT, document
from tests.wire.differential.runner import Pair, compare

COMMANDS = 200_000
SEED = int(os.environ.get("DIFFERENTIAL_SEED", "1"))
"""Another seed plays other commands. `python -m tests.wire.differential` plays them by hand."""


@pytest.mark.parametrize("name", ["node", "proxy"])
def test_answers_are_memcacheds(name: str, memcached: Server, request: pytest.FixtureRequest) -> None:
    server: Server = request.getfixturevalue(name)
    version = version_number(ask(memcached.address, b"version\r\n").decode())
    with Pair(memcached.address, server.address, known(name, version), has_one_counter=name == "node") as pair:
        difference = compare(pair, SEED, COMMANDS)
    assert difference is None, f"DIFFERENTIAL_SEED={SEED}: the {name} and memcached {version} disagree\n{difference}"


def test_the_document_is_the_table() -> None:
    assert DOCUMENT.read_text() == document(), "run python -m tests.wire.differential.document"
