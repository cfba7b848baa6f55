"""Settings: what is read from where, and what errors say."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest

from memcluster.cluster.settings import ClusterSettings
from memcluster.config import (
    Flag,
    Memory,
    Meta,
    Mode,
    Seconds,
    Settings,
    Size,
    from_text,
    line_of,
    load,
    overlay,
    parse,
    rows,
    to_flags,
    to_text,
)
from memcluster.errors import ConfigError
from memcluster.log import LogSettings
from memcluster.node.settings import NodeSettings, ProcessSettings


class Server(Settings, frozen=True):
    port: Annotated[int, Flag("-p", "--port", help="a port"), Meta(ge=0, le=65535)] = 11211
    memory: Annotated[Memory, Flag("-m", "--memory", help="memory")] = Memory.parse("64m")
    listen: Annotated[tuple[str, ...], Flag("-l", "--listen", help="addresses")] = ("127.0.0.1",)
    socket: Annotated[str | None, Flag("-s", "--socket", help="a socket")] = None
    wait: Annotated[Seconds, Flag("--wait", help="a time")] = Seconds(1)
    when: Annotated[Literal["never", "daily"], Flag("--when", help="a word")] = "never"
    evict: Annotated[bool, Flag("-M", "--no-evict", help="do not", value=False)] = True
    verbosity: Annotated[int, Flag("-v", "--verbose", help="more", counts=True)] = 0


class Pool(Settings, frozen=True):
    name: str
    servers: tuple[str, ...] = ()


class Document(Settings, frozen=True):
    node: Server = Server()
    pools: tuple[Pool, ...] = ()


@pytest.mark.parametrize(
    ("text", "expected"), [("64m", 64 << 20), ("1K", 1024), ("2GiB", 2 << 30), ("512", 512), ("3 mb", 3 << 20)]
)
def test_size_reads_units(text: str, expected: int) -> None:
    assert Size.parse(text) == expected


def test_memory_without_unit_is_mebibytes() -> None:
    assert Memory.parse("64") == Memory.parse(64) == 64 << 20


@pytest.mark.parametrize("kind", [Size, Memory])
@pytest.mark.parametrize("number", [0, 1, 1024, 1536, 1 << 20, 3 << 30, 12345])
def test_size_is_written_as_it_is_read(kind: type[Size], number: int) -> None:
    text = str(kind(number))
    assert kind.parse(text) == number or (kind is Memory and text.isdigit())


@pytest.mark.parametrize("text", ["", "m", "1q", "-1", "1.5m"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no size"):
        Size.parse(text)


def test_mode_is_octal() -> None:
    assert Mode.parse("700") == 0o700
    assert str(Mode.parse("0o660")) == "660"
    with pytest.raises(ValueError, match="octal"):
        Mode.parse("789")


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("2", 2.0), ("1.5s", 1.5), ("5m", 300.0), ("1h", 3600.0)]
)
def test_seconds_read_units(text: str, seconds: float) -> None:
    assert Seconds.parse(text) == seconds
    assert Seconds.parse(str(Seconds(seconds))) == seconds


def test_a_file_is_read() -> None:
    text = '[node]\nport = 5\nmemory = "1g"\nwait = 0.5\nlisten = ["a", "b"]\n[[pools]]\nname = "x"\n'
    document = parse(text, Document, "a.toml")
    assert document.node == Server(port=5, memory=Memory(1 << 30), wait=Seconds(0.5), listen=("a", "b"))
    assert document.pools == (Pool(name="x"),)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[node]\nport = "x"', "a.toml:2: node.port: expected a whole number, got text"),
        ("[node]\n\nport = 70000", "a.toml:3: node.port: expected a whole number <= 65535"),
        (
            '[node]\nmemory = "64q"',
            "a.toml:2: node.memory: '64q' is no size: write a number and k, m or g, such as 64m",
        ),
        ("[node]\nport = true", "a.toml:2: node.port: expected a whole number, got true or false"),
        ("[node]\nprot = 1", "a.toml:2: node.prot: no such setting: did you mean port?"),
        ("[nodes]\nport = 1", "a.toml:1: nodes: no such setting: did you mean node?"),
        ("[node]\nsocket = 1", "a.toml:2: node.socket: expected text, got a whole number"),
        ("node = 1", "a.toml:1: node: expected a table, got a whole number"),
        ('[node]\nwhen = "often"', "a.toml:2: node.when: 'often' is none of never, daily"),
        (
            f"[node]\nport = {'9' * 5000}",
            "a.toml: a number is too long, or lists are too deep, for settings",
        ),
        ("a = " + "[" * 5000, "a.toml: a number is too long, or lists are too deep, for settings"),
        ("zzz = 1", "a.toml:1: zzz: no such setting: there are node, pools"),
        (
            '[[pools]]\nname = "a"\n[[pools]]\nservers = []',
            "a.toml:3: pools[1]: name is missing: add a line `name = …`",
        ),
        ('[[pools]]\nname = "a"\n[[pools]]\nname = 1', "a.toml:4: pools[1].name: expected text, got a whole number"),
        (
            '[[pools]]\nname = "a"\nservers = [\n"x",\n2]',
            "a.toml:3: pools[0].servers[1]: expected text, got a whole number",
        ),
        ("[node]\nport = \n", "a.toml:2: this is not TOML: Invalid value (text values stand in quotes)"),
        ("[node]\nport = [1,\n", "a.toml:3: this is not TOML: Invalid value (text values stand in quotes)"),
    ],
)
def test_an_error_names_file_line_key_and_fix(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, Document, "a.toml")
    assert str(caught.value) == complaint


def test_a_word_of_an_option_that_is_none_is_said_with_those_there_are() -> None:
    (row,) = (row for row in rows(Server) if row.name == "when")
    with pytest.raises(ValueError, match=r"^'often' is none of never, daily$"):
        row.read("often")


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "marked.toml"
    path.write_text("[node]\nport = 1\n", encoding="utf-8-sig")
    assert load(path, Document).node.port == 1


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: No such file or directory: name a file that can be read"):
        load(tmp_path / "none.toml", Document)
    (tmp_path / "latin.toml").write_bytes(b"[node]\nsocket = '\xe9'\n")
    with pytest.raises(ConfigError, match=r"latin\.toml:2: a byte that is not UTF-8"):
        load(tmp_path / "latin.toml", Document)


def test_flags_win_over_the_environment_and_that_over_the_file() -> None:
    from_file = Server(port=1, socket="/a", verbosity=1)
    environment = {"MEMCLUSTER_NODE_PORT": "2", "MEMCLUSTER_NODE_LISTEN": "a, b", "MEMCLUSTER_NODE_EVICT": "false"}
    settings = overlay(from_file, "node", environment, {"port": 3, "memory": None})
    assert settings == Server(port=3, socket="/a", verbosity=1, listen=("a", "b"), evict=False)


def test_an_error_in_the_environment_names_the_variable() -> None:
    with pytest.raises(ConfigError) as caught:
        overlay(Server(), "node", {"MEMCLUSTER_NODE_PORT": "x"}, {})
    assert str(caught.value) == "environment variable MEMCLUSTER_NODE_PORT=x: expected a whole number, got text"


def test_rows_say_what_a_setting_is() -> None:
    found = {row.name: row for row in rows(Server)}
    assert found["socket"].bare_kind is str
    assert found["memory"].bare_kind is Memory
    assert found["port"].variable("node") == "MEMCLUSTER_NODE_PORT"


def test_a_value_of_the_kind_is_taken_as_it_is() -> None:
    row = next(row for row in rows(Server) if row.name == "memory")
    assert row.accept(Memory(1 << 30)) == 1 << 30


def test_text_says_what_differs_from_the_defaults() -> None:
    settings = Server(port=1, memory=Memory.parse("1g"), listen=("a", "b"), wait=Seconds(0.5), evict=False)
    text = to_text(settings)
    assert text == {"port": "1", "memory": "1g", "listen": "a,b", "wait": "500ms", "evict": "False"}
    assert from_text(Server, text) == settings
    assert to_text(Server()) == {}


def test_flags_say_what_differs_from_the_defaults() -> None:
    assert to_flags(Server()) == []
    settings = Server(port=1, listen=("a", "b"), evict=False, verbosity=2, wait=Seconds(0.25))
    assert to_flags(settings) == ["--port=1", "--listen=a,b", "--wait=250ms", "--no-evict", "--verbose", "--verbose"]


@pytest.mark.parametrize("kind", [NodeSettings, ProcessSettings, ClusterSettings, LogSettings])
def test_every_section_reads_an_empty_table_as_its_defaults(kind: type[Settings]) -> None:
    document = msgspec.defstruct("Document", [("section", kind)], frozen=True)
    assert parse("[section]\n", document, "a.toml").section == kind()  # type: ignore[attr-defined]
    for row in rows(kind):
        if row.default is not None and row.default != ("127.0.0.1",):
            assert row.read(str(row.default)) == row.default


def test_the_line_of_a_key_in_nested_tables() -> None:
    text = "[a]\nx = 1\n[[a.b]]\ny = 1\n[[a.b]]\ny = 2\n[c.d]\nz.w = 1\n"
    assert line_of(text, ["a", "b", "1", "y"]) == 6
    assert line_of(text, ["c", "d", "z", "w"]) == 8
    assert line_of(text, ["a", "q"]) == 1
    assert line_of(text, ["nowhere"]) == 1
