"""The control channel: what is asked is answered line by line, whoever misbehaves harms nobody else."""

import json
import stat
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from memcluster.cluster import control
from memcluster.errors import MemclusterError


class Count(msgspec.Struct, frozen=True):
    to: int
    then: str = "end"


class Nothing(msgspec.Struct, frozen=True):
    pass


class Answerer:
    """Two things that can be asked, and what became of them."""

    def __init__(self) -> None:
        self.ended = trio.Event()

    @property
    def requests(self) -> tuple[control.Request[Any], ...]:
        return (control.Request("count", Count, self.count), control.Request("wait", Nothing, self.wait))

    async def count(self, asked: Count) -> AsyncGenerator[Any, None]:
        for number in range(asked.to):
            yield {"number": number}
        if asked.then == "refuse":
            raise MemclusterError("no further: ask for less")
        if asked.then == "break":
            raise RuntimeError("broken")

    async def wait(self, _: Nothing) -> AsyncGenerator[Any, None]:
        try:
            yield "waiting"
            await trio.sleep_forever()
        finally:
            self.ended.set()


@asynccontextmanager
async def served(path: Path) -> AsyncIterator[Answerer]:
    answerer = Answerer()
    async with trio.open_nursery() as nursery:
        await nursery.start(control.serve, path, answerer.requests)
        yield answerer
        nursery.cancel_scope.cancel()


async def ask(path: Path, name: str, **parameters: Any) -> list[Any]:
    def answers() -> list[Any]:
        return list(control.ask(path, name, 10.0, **parameters))

    return await trio.to_thread.run_sync(answers)


async def test_answers_come_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / ("deep" * 40) / "cluster.sock"
    path.parent.mkdir()
    async with served(path):
        assert await ask(path, "count", to=3) == [{"number": 0}, {"number": 1}, {"number": 2}]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


async def test_a_file_that_a_killed_supervisor_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "cluster.sock"
    path.touch()
    async with served(path):
        assert await ask(path, "count", to=1) == [{"number": 0}]


@pytest.mark.parametrize(
    ("name", "parameters", "complaint"),
    [
        ("count", {"to": 2, "then": "refuse"}, "no further: ask for less"),
        ("count", {"to": "two"}, r"no request: Expected `int`, got `str` - at `\$.to`"),
        ("cuont", {}, "'cuont' cannot be asked: this supervisor answers count, wait"),
        ("count", {"to": 1, "then": "break"}, r"count failed in the supervisor: RuntimeError\('broken'\); see its log"),
    ],
)
async def test_refusals_are_told(tmp_path: Path, name: str, parameters: dict[str, Any], complaint: str) -> None:
    path = tmp_path / "cluster.sock"
    async with served(path):
        with pytest.raises(MemclusterError, match=complaint):
            await ask(path, name, **parameters)
        assert await ask(path, "count", to=0) == [], "and it still answers"


@pytest.mark.parametrize("sent", [b"", b"\n", b"[]\n", b"no json\n", b'{"ask": 3}\n', b"x" * (2 << 20)])
async def test_what_is_no_request_is_told_so(tmp_path: Path, sent: bytes) -> None:
    path = tmp_path / "cluster.sock"
    async with served(path):
        async with await trio.open_unix_socket(str(path)) as stream:
            with trio.fail_after(10):
                try:
                    await stream.send_all(sent)
                    await stream.send_eof()
                    answer = b"".join([part async for part in stream])
                except trio.BrokenResourceError:
                    answer = b'{"error": "cut"}'
        assert "error" in json.loads(answer)
        assert await ask(path, "count", to=0) == []


async def test_who_goes_away_ends_what_was_asked(tmp_path: Path) -> None:
    path = tmp_path / "cluster.sock"
    async with served(path) as answerer:
        async with await trio.open_unix_socket(str(path)) as stream:
            await stream.send_all(b'{"ask": "wait"}\n')
            assert await stream.receive_some() == b'{"say":"waiting"}\n'
        with trio.fail_after(10):
            await answerer.ended.wait()


async def test_nobody_there_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(MemclusterError, match=r"cannot be asked .*does it run\?"):
        await trio.to_thread.run_sync(partial(list, control.ask(tmp_path / "cluster.sock", "count", to=1)))
