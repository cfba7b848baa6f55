"""`memcluster migrate start` that is broken off: a group does not stay held for a migration that did not begin."""

from collections.abc import Iterator

import click
import pytest

from memcluster.cli import migrate
from memcluster.errors import ServerError
from memcluster.redis.migration import steps
from memcluster.redis.migration.controls import HOLD, NODE, RELEASE


@pytest.mark.parametrize("fault", [ServerError("it went away"), KeyboardInterrupt()])
def test_a_group_is_given_back(monkeypatch: pytest.MonkeyPatch, fault: BaseException) -> None:
    asked: list[tuple[str, object]] = []

    def ask(_port: object, name: str, _timeout: object, **words: object) -> Iterator[str]:
        asked.append((name, words.get("adopts")))
        return iter(["127.0.0.1:6381"])

    def start(*_: object, **_options: object) -> None:
        raise fault

    monkeypatch.setattr(migrate, "ask", ask)
    monkeypatch.setattr(steps, "test", lambda *_, **_options: None)
    monkeypatch.setattr(steps, "start", start)
    with pytest.raises((ServerError, click.Abort, KeyboardInterrupt)):
        migrate.command.main(["start", "127.0.0.1:7000", "--group", "orders"], standalone_mode=False)
    assert asked == [(NODE, None), (HOLD, None), (RELEASE, False)]


def test_what_was_named_is_named_again() -> None:
    here = migrate.Here(None, "orders", 7379, migrate.Login())
    assert here.words == " --group orders --port 7379"
    assert migrate.Here("127.0.0.1:6379", None, None, migrate.Login()).words == " --server 127.0.0.1:6379"
