"""The settings file as shells and editors leave it: emptied, half written, gone, and there again."""

import logging

import pytest
import trio

from memcluster.proxy.reload import STANDS_STILL_SECONDS, Reload

INTERVAL_SECONDS = 1.0
TEXT = '[[pool]]\nname = "main"\nservers = ["127.0.0.1:1"]\n'


@pytest.fixture
async def followed(tmp_path, nursery, caplog):
    """The file, and what was read of it. By `autojump_clock` time passes when everybody waits: no pace matters."""
    caplog.set_level(logging.INFO)
    path, documents = tmp_path / "proxy.toml", []
    path.write_text(TEXT)
    nursery.start_soon(Reload(path, documents.append, lambda: INTERVAL_SECONDS).run)
    yield path, documents
    nursery.cancel_scope.cancel()


async def a_look():
    """Until the file has been looked at, and read if it is another."""
    await trio.sleep(INTERVAL_SECONDS + 3 * STANDS_STILL_SECONDS)


async def test_half_a_file_is_not_read(followed, autojump_clock, caplog):
    path, documents = followed
    path.write_text("")
    await trio.sleep(INTERVAL_SECONDS + STANDS_STILL_SECONDS / 2)
    path.write_text(TEXT + "placment = 1\n")
    await a_look()
    await a_look()
    (said,) = caplog.records
    assert said.levelname == "ERROR"
    assert "placment: no such setting: did you mean placement?" in said.message
    assert not documents


async def test_a_file_that_never_stands_still_is_read_all_the_same(followed, autojump_clock):
    path, documents = followed
    for number in range(100):
        path.write_text(TEXT + "#" * number)
        await trio.sleep(STANDS_STILL_SECONDS / 2)
    assert documents


async def test_a_file_that_is_gone_is_missed_once(followed, autojump_clock, caplog):
    path, documents = followed
    elsewhere = path.rename(path.with_name("elsewhere"))
    await a_look()
    await a_look()
    elsewhere.rename(path)
    await a_look()
    await a_look()
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("WARNING", f"{path} is gone: the settings that it had stay until it is there again"),
        ("INFO", f"settings reloaded: {path} changed"),
    ]
    assert len(documents) == 1


async def test_a_file_that_is_replaced_is_not_missed(followed, autojump_clock, caplog):
    path, documents = followed
    path.unlink()
    await trio.sleep(INTERVAL_SECONDS + STANDS_STILL_SECONDS / 2)
    path.write_text(TEXT + "# another\n")
    await a_look()
    assert [record.message for record in caplog.records] == [f"settings reloaded: {path} changed"]
    assert len(documents) == 1
