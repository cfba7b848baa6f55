"""Typed settings: a struct a section, a row a setting; read from a TOML file, then the environment, then flags.

A row is its name in the file, its type, its flags and help, and its default:

    threads: Annotated[int, Flag("-t", "--threads", help="worker threads"), Meta(ge=1, le=256)] = 4

The environment variable follows from section and name: MEMCLUSTER_NODE_THREADS. Kinds that are more than a number are
classes here (Memory, Size, Mode, Seconds). What is wrong is a ConfigError that names file, line, key and the fix.
This module knows no command line: memcluster.cli.options makes options of rows.
"""

from __future__ import annotations

import difflib
import re
import tomllib
import types
import typing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, TypeVar

import msgspec
from msgspec import Meta

from memcluster.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = [
    "Flag",
    "Memory",
    "Meta",
    "Mode",
    "Row",
    "Seconds",
    "Settings",
    "Size",
    "from_text",
    "load",
    "overlay",
    "rows",
    "to_flags",
    "to_text",
]

UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The base of a section: frozen, and a key it does not know is an error."""


class Size(int):
    """Bytes. Text has an optional unit: 512k, 1m, 2g; without one it is bytes, as for memcached's -I."""

    bare_unit: ClassVar[str] = ""

    @classmethod
    def parse(cls, text: str | int) -> Self:
        """Reads `1m`, `512KiB`, `1048576`."""
        match = re.fullmatch(r"(\d+)\s*([kmg]?)(?:i?b)?", str(text).strip().lower())
        if not match:
            raise ValueError(f"{text!r} is no size: write a number and k, m or g, such as {cls.example()}")
        unit = match[2] or cls.bare_unit
        return cls(int(match[1]) * UNITS[unit])

    @classmethod
    def example(cls) -> str:
        """What a size looks like."""
        return "64m"

    def __str__(self) -> str:
        for unit in ("g", "m", "k"):
            if self and self % UNITS[unit] == 0:
                return f"{int(self) // UNITS[unit]}{unit}"
        return str(int(self))


class Memory(Size):
    """Bytes whose bare number is mebibytes, as for memcached's -m."""

    bare_unit: ClassVar[str] = "m"


class Mode(int):
    """Permission bits, written in octal: "700"."""

    @classmethod
    def parse(cls, text: str | int) -> Self:
        """Reads octal digits."""
        if not re.fullmatch(r"(0o)?[0-7]{1,4}", str(text)):
            raise ValueError(f'{text!r} is no access mode: write octal digits, such as "700"')
        return cls(int(str(text).removeprefix("0o"), 8))

    def __str__(self) -> str:
        return f"{int(self):o}"


class Seconds(float):
    """A duration: a number of seconds, or text with a unit: 500ms, 2s, 5m."""

    SCALE: ClassVar[dict[str, float]] = {"ms": 0.001, "": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}

    @classmethod
    def parse(cls, text: str | float) -> Self:
        """Reads `500ms`, `1.5s`, `2`."""
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|)", str(text).strip().lower())
        if not match:
            raise ValueError(f"{text!r} is no duration: write a number and ms, s, m or h, such as 500ms")
        return cls(float(match[1]) * cls.SCALE[match[2]])

    @property
    def milliseconds(self) -> int:
        """Whole milliseconds."""
        return round(self * 1000)

    def __str__(self) -> str:
        return f"{float(self):g}s" if self >= 1 or not self else f"{self.milliseconds}ms"


@dataclass(frozen=True)
class Flag:
    """How a setting is written on a command line and what it does. A setting without names has no flag."""

    names: tuple[str, ...]
    help: str
    metavar: str | None
    value: object
    counts: bool

    def __init__(
        self,
        *names: str,
        help: str,  # noqa: A002
        metavar: str | None = None,
        value: object = None,
        counts: bool = False,
    ) -> None:
        """`value` is what a flag without argument sets (of a bool: True); `counts`: -vvv is 3."""
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "help", help)
        object.__setattr__(self, "metavar", metavar)
        object.__setattr__(self, "value", value)
        object.__setattr__(self, "counts", counts)


@dataclass(frozen=True)
class Row:
    """One setting as every reader sees it."""

    name: str
    kind: Any
    default: Any
    flag: Flag

    def variable(self, section: str) -> str:
        """The environment variable that sets it."""
        return f"MEMCLUSTER_{section}_{self.name}".upper()

    @property
    def bare_kind(self) -> Any:
        """The kind without its annotations, and without None."""
        kind = _unannotated(self.kind)
        choices = [choice for choice in typing.get_args(kind) if choice is not type(None)]
        return _unannotated(choices[0]) if type(None) in typing.get_args(kind) else kind

    def read(self, text: str) -> Any:
        """The value that text stands for; ValueError says why it stands for none."""
        is_list = typing.get_origin(self.bare_kind) is tuple
        return self.accept([part.strip() for part in text.split(",") if part.strip()] if is_list else text)

    def accept(self, value: Any) -> Any:
        """The value as a settings file would have it, checked; ValueError says what is wrong with it."""
        try:
            return _convert(value, self.kind)
        except msgspec.ValidationError as error:
            what, _ = _in_words(str(error))
            raise ValueError(_with_choices(what, self.bare_kind)) from None


S = TypeVar("S", bound=Settings)
D = TypeVar("D", bound=msgspec.Struct)


def rows(kind: type[Settings]) -> Iterator[Row]:
    """The settings of a section that have a flag or an environment variable."""
    hints = typing.get_type_hints(kind, include_extras=True)
    for field in msgspec.structs.fields(kind):
        flags = [note for note in getattr(hints[field.name], "__metadata__", ()) if isinstance(note, Flag)]
        if flags:
            yield Row(field.name, hints[field.name], field.default, flags[0])


def overlay(settings: S, section: str, environment: Mapping[str, str], flags: Mapping[str, Any]) -> S:
    """The settings with what the environment says, then with what flags say (None: not given)."""
    changes: dict[str, Any] = {}
    for row in rows(type(settings)):
        variable = row.variable(section)
        if flags.get(row.name) is not None:
            changes[row.name] = flags[row.name]
        elif variable in environment:
            try:
                changes[row.name] = row.read(environment[variable])
            except ValueError as error:
                raise ConfigError(f"environment variable {variable}={environment[variable]}: {error}") from None
    return msgspec.structs.replace(settings, **changes)


def to_flags(settings: Settings) -> list[str]:
    """The command line that says the same, as far as it differs from the defaults."""
    words: list[str] = []
    for row in rows(type(settings)):
        value = getattr(settings, row.name)
        if value == row.default or not row.flag.names:
            continue
        name = max(row.flag.names, key=len)
        if row.flag.counts:
            words += [name] * value
        elif row.bare_kind is bool:
            words.append(name)
        else:
            words.append(f"{name}={','.join(value) if isinstance(value, tuple) else value}")
    return words


def to_text(settings: Settings) -> dict[str, str]:
    """What differs from the defaults, each as `Row.read` takes it."""
    values = {row.name: (getattr(settings, row.name), row.default) for row in rows(type(settings))}
    return {
        name: ",".join(value) if isinstance(value, tuple) else str(value)
        for name, (value, default) in values.items()
        if value != default and value is not None
    }


def from_text(kind: type[S], values: Mapping[str, str]) -> S:
    """The settings that `to_text` wrote."""
    known = {row.name: row for row in rows(kind)}
    return msgspec.structs.replace(kind(), **{name: known[name].read(text) for name, text in values.items()})


def load(path: Path, kind: type[D]) -> D:
    """Reads a TOML file as this kind of document."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}: name a file that can be read") from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}:{line}: a byte that is not UTF-8: save the file as UTF-8") from None
    return parse(text, kind, str(path))


def parse(text: str, kind: type[D], name: str) -> D:
    """Reads TOML text as this kind of document; `name` is what errors call it."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)", str(error))
        line = place[1] if place and place[1] else text.count("\n") + 1
        complaint = str(error)[: place.start()] if place else str(error)
        raise ConfigError(f"{name}:{line}: this is not TOML: {complaint} (text values stand in quotes)") from None
    except (ValueError, RecursionError):
        raise ConfigError(f"{name}: a number is too long, or lists are too deep, for settings") from None
    try:
        return typing.cast(D, _convert(document, kind))
    except ValueError as error:
        raise ConfigError(_explain(str(error), text, kind, name)) from None


def _unannotated(kind: Any) -> Any:
    return typing.get_args(kind)[0] if typing.get_origin(kind) is Annotated else kind


def _convert(value: Any, kind: Any) -> Any:
    strict = not isinstance(value, str | list)
    return msgspec.convert(value, kind, strict=strict, dec_hook=_read_kind)


def _read_kind(kind: Any, value: Any) -> Any:
    if not hasattr(kind, "parse"):
        raise NotImplementedError(kind)
    if isinstance(value, kind):
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{value!r} is neither a number nor text")  # noqa: TRY004 (a ValueError gets the key's path)
    return kind.parse(value)


# --- saying what is wrong

WORDS = {
    "int": "a whole number", "str": "text", "bool": "true or false", "float": "a number", "array": "a list",
    "object": "a table",
}  # fmt: skip


def _in_words(complaint: str) -> tuple[str, list[str]]:
    """`Expected `int`, got `str` - at `$.node.port`` is "expected a whole number, got text", at node, port."""
    what, _, where = complaint.partition(" - at `$")
    what = re.sub(r"`(.*?)`", lambda match: _kinds_in_words(match[1]), what)
    return what[0].lower() + what[1:], [part for part in re.split(r"[.\[\]]+", where.rstrip("`")) if part]


def _kinds_in_words(kinds: str) -> str:
    """`int | null` is "a whole number": null is the absence of a setting, which nobody writes."""
    return " or ".join(WORDS.get(kind, kind) for kind in kinds.split(" | ") if kind != "null")


def _explain(complaint: str, text: str, kind: type[msgspec.Struct], name: str) -> str:
    """FILE:LINE: KEY: what is wrong and how to put it right."""
    what, path = _in_words(complaint)
    if unknown := re.search(r"unknown field (.*)", what):
        what = no_such_setting(unknown[1], _field_names(_kind_at(kind, path)))
        path.append(unknown[1])
    elif missing := re.search(r"missing required field (.*)", what):
        what = f"{missing[1]} is missing: add a line `{missing[1]} = …`"
    else:
        what = _with_choices(what, _kind_at(kind, path))
    key = re.sub(r"\.(\d+)", r"[\1]", ".".join(path))
    return f"{name}:{line_of(text, path)}: {key + ': ' if key else ''}{what}"


def no_such_setting(name: str, known: Iterable[str]) -> str:
    """That nothing is called so, and what was meant or what there is."""
    near = difflib.get_close_matches(name, known := sorted(known), n=1)
    return "no such setting: " + (f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}")


def _with_choices(what: str, kind: Any) -> str:
    """`invalid enum value 'x'` with the words that there are."""
    found = re.fullmatch(r"invalid enum value (.*)", what)
    return f"{found[1]} is none of {', '.join(map(str, typing.get_args(kind)))}" if found else what


def _kind_at(kind: Any, path: list[str]) -> Any:
    """What stands at this place of a document."""
    for part in path:
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            kind = typing.get_type_hints(kind, include_extras=False)[part]
        else:
            kind = next(iter(typing.get_args(kind)), kind)
        if isinstance(kind, types.UnionType):
            kind = next((choice for choice in typing.get_args(kind) if hasattr(choice, "__struct_fields__")), kind)
        while type(None) in typing.get_args(kind):
            kind = typing.get_args(kind)[0]
    return kind


def _field_names(kind: Any) -> list[str]:
    """The keys that may stand in such a table."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return [field.encode_name for field in msgspec.structs.fields(kind)]
    return []


def line_of(text: str, path: list[str]) -> int:
    """The line where this key stands, or the nearest table around it; 1 if there is none."""
    best, best_line = 0, 1
    counts: dict[tuple[str, ...], int] = {}
    table: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*(\[\[?)\s*([^\]]+?)\s*\]", line)
        if header:
            table = _table_path([part.strip("\"' ") for part in header[2].split(".")], header[1] == "[[", counts)
            here = table
        elif key := re.match(r"\s*([\w\-.\"' ]+?)\s*=", line):
            here = table + [part.strip("\"' ") for part in key[1].split(".")]
        else:
            continue
        if len(here) > best and path[: len(here)] == here:
            best, best_line = len(here), number
    return best_line


def _table_path(parts: list[str], is_array: bool, counts: dict[tuple[str, ...], int]) -> list[str]:
    """A header's path with the index of each array of tables in it."""
    path: list[str] = []
    for place, part in enumerate(parts):
        path.append(part)
        if is_array and place == len(parts) - 1:
            counts[tuple(path)] = counts.get(tuple(path), -1) + 1
        if tuple(path) in counts:
            path.append(str(counts[tuple(path)]))
    return path
