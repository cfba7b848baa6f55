"""The shape of the project as a test: which way imports point, how long things are, how they are named."""

import ast
import configparser
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from docs.tables import PAGES

ROOT = Path(__file__).parent.parent
PYTHON_LINES_MAX = 400
RUST_LINES_MAX = 500
FUNCTION_LINES_MAX = 70

# What each part of memcluster may import of the others: arrows only point down.
LAYERS: dict[str, set[str]] = {
    "errors": set(),
    "config": {"errors"},
    "log": {"config"},
    "_native": set(),
    "node": {"errors", "config", "log", "_native"},
    "redis": {"errors", "config", "log", "node", "cluster", "_native"},
    "cluster": {"errors", "config", "log", "node"},
    "proxy": {"errors", "config", "log", "node", "cluster", "_native"},
    "load": {"errors", "_native"},
    "local": {"errors", "node", "cluster", "proxy"},
    "testing": {"local", "node", "redis"},
    "cli": {"errors", "config", "log", "node", "redis", "cluster", "proxy", "load", "_native"},
}

# The Rust crates' drawing: what each may name of the workspace.
CRATES: dict[str, set[str]] = {
    "reactor": set(),
    "cache": set(),
    "memcached": {"cache"},
    "resp": set(),
    "dataset": set(),
    "rdb": set(),
    "journal": set(),
    "redis": {"resp", "dataset", "rdb", "journal"},
    "node": {"reactor", "memcached", "cache", "redis", "dataset", "journal"},
    "router": {"reactor", "memcached"},
    "relay": {"reactor"},
    "load": {"memcached", "resp"},
    "python": {"node", "router", "relay", "load", "redis"},
}
ONLY_IN_THE_BINDING = {"pyo3"}

BANNED_WORDS = {"manager", "helper", "helpers", "util", "utils", "handler", "misc"}
BANNED_NAMES = {"common", "base", "data"}
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b|todo!\(|unimplemented!\(")
PRIVATE_PATH = re.compile(r"/(home|root|Users)/[a-z]")


def python_files() -> list[Path]:
    folders = ("memcluster", "proxy", "tests", "bench", "examples", "docs")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(path for path in found if "memcluster/proxy" not in path.as_posix())


def rust_files() -> list[Path]:
    return sorted(path for path in (ROOT / "native").rglob("*.rs") if "target" not in path.relative_to(ROOT).parts)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path))


every_python_file = pytest.mark.parametrize("path", python_files(), ids=name)
every_rust_file = pytest.mark.parametrize("path", rust_files(), ids=name)


# --- imports


def imports(path: Path) -> Iterator[str]:
    """The full names of modules that a file imports."""
    for statement in ast.walk(tree(path)):
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            assert statement.level == 0, f"{name(path)}:{statement.lineno}: imports are absolute"
            yield statement.module or ""
            yield from (f"{statement.module}.{alias.name}" for alias in statement.names)


def part_of(module: str) -> str | None:
    words = module.split(".")
    return words[1] if words[0] == "memcluster" and len(words) > 1 and words[1] in LAYERS else None


@every_python_file
def test_imports_point_down(path: Path) -> None:
    parts = path.relative_to(ROOT).with_suffix("").parts
    own = parts[0] if parts[0] == "proxy" else parts[1] if parts[0] == "memcluster" else None
    if own in LAYERS:
        wanted = {part for module in imports(path) if (part := part_of(module))} - {own}
        assert wanted <= LAYERS[own], f"{own} may not import {', '.join(sorted(wanted - LAYERS[own]))}"
    else:
        list(imports(path))


def test_layers_have_no_cycle() -> None:
    done: set[str] = set()
    while len(done) < len(LAYERS):
        free = {part for part, below in LAYERS.items() if part not in done and below <= done}
        assert free, f"a cycle among {sorted(set(LAYERS) - done)}"
        done |= free


def test_a_node_process_loads_neither_trio_nor_rich() -> None:
    heavy = {"trio", "rich", "pymemcache", "uhashring"}
    lean = ("config.py", "log.py", "errors.py", "cli/node.py", "cli/redis.py")
    for path in [ROOT / "memcluster" / part for part in lean]:
        assert not heavy & {module.split(".")[0] for module in imports(path)}, name(path)
    for path in [*(ROOT / "memcluster/node").rglob("*.py"), *(ROOT / "memcluster/redis").glob("*.py")]:
        assert not heavy & {module.split(".")[0] for module in imports(path)}, name(path)


# --- crates


@pytest.mark.parametrize("crate", sorted(CRATES))
def test_crates_use_what_the_drawing_allows(crate: str) -> None:
    manifest = tomllib.loads(text(ROOT / "native" / crate / "Cargo.toml"))
    used = set(manifest.get("dependencies", {}))
    assert used & set(CRATES) <= CRATES[crate]
    assert crate == "python" or not used & ONLY_IN_THE_BINDING
    assert manifest["lints"] == {"workspace": True}, "every crate takes the workspace's lints"


def test_the_drawing_has_every_crate() -> None:
    workspace = tomllib.loads(text(ROOT / "native/Cargo.toml"))["workspace"]
    assert set(workspace["members"]) == set(CRATES)


# --- packaging


def test_setup_names_every_package() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    named = set(setup["options"]["packages"].split())
    folders = [path.parent.relative_to(ROOT) for path in (*(ROOT / "memcluster").rglob("__init__.py"),)]
    folders += [Path("memcluster") / path.parent.relative_to(ROOT) for path in (ROOT / "proxy").rglob("__init__.py")]
    assert named == {folder.as_posix().replace("/", ".") for folder in folders}


@pytest.mark.parametrize("page", PAGES)
def test_the_documentation_has_the_rows_of_the_code(page: str) -> None:
    assert text(ROOT / "docs" / page) == PAGES[page](), "run `make docs`"


def test_the_link_to_proxy_is_there() -> None:
    link = ROOT / "memcluster/proxy"
    assert link.is_symlink()
    assert link.readlink() == Path("../proxy")


# --- length and heads


@every_python_file
def test_python_files_and_functions_are_short(path: Path) -> None:
    assert text(path).count("\n") <= PYTHON_LINES_MAX
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= FUNCTION_LINES_MAX, f"{name(path)}:{node.lineno}: {node.name} has {length} lines"


@every_rust_file
def test_rust_files_and_functions_are_short(path: Path) -> None:
    lines = text(path).splitlines()
    assert len(lines) <= RUST_LINES_MAX
    for start, line in enumerate(lines):
        if opened := re.match(r"(\s*)(pub(\(\w+\))? )?(const )?(async )?(unsafe )?fn (\w+)", line):
            end = next((n for n in range(start, len(lines)) if lines[n] == opened[1] + "}"), start)
            length = end - start + 1
            is_one_line = line.rstrip().endswith(("}", ";"))
            assert is_one_line or length <= FUNCTION_LINES_MAX, (
                f"{name(path)}:{start + 1}: {opened[7]} has {length} lines"
            )


@every_python_file
def test_python_files_say_what_they_are(path: Path) -> None:
    assert ast.get_docstring(tree(path)) or not text(path).strip(), "a file begins with what it is"


@every_rust_file
def test_rust_files_say_what_they_are(path: Path) -> None:
    assert text(path).startswith(("//!", "#![no_main]")), "a file begins with what it is"


# --- names and words


def words_of(identifier: str) -> set[str]:
    return {word.lower() for part in identifier.split("_") for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+", part)}


def refuse_banned(names: list[str]) -> None:
    assert not {each.lower() for each in names} & BANNED_NAMES
    assert not {word for each in names for word in words_of(each)} & BANNED_WORDS


@every_python_file
def test_python_names_are_words_of_the_field(path: Path) -> None:
    names = [path.stem, *path.relative_to(ROOT).parts[:-1]]
    names += [n.name for n in ast.walk(tree(path)) if isinstance(n, ast.ClassDef)]
    refuse_banned(names)


@every_rust_file
def test_rust_names_are_words_of_the_field(path: Path) -> None:
    names = [path.stem, *path.relative_to(ROOT).parts[:-1]]
    names += re.findall(r"\b(?:struct|enum|trait|mod) (\w+)", text(path))
    refuse_banned(names)


def documents() -> list[Path]:
    patterns = (
        "*.md",
        "*.cfg",
        "*.toml",
        "Makefile",
        "docs/**/*.md",
        "native/**/Cargo.toml",
        ".ci/*",
        "examples/**/*.md",
    )
    found = [path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()]
    return [path for path in found if "target" not in path.relative_to(ROOT).parts]


@pytest.mark.parametrize("path", [*python_files(), *rust_files(), *documents()], ids=name)
def test_nothing_is_left_unfinished(path: Path) -> None:
    assert not UNFINISHED.search(text(path)), "what is not done is not there"
    assert not PRIVATE_PATH.search(text(path)), "a path of somebody's machine"


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("test_*.py")), ids=name)
def test_tests_wait_for_conditions_and_never_for_luck(path: Path) -> None:
    calls = [n for n in ast.walk(tree(path)) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
    # trio.sleep is fine: under the test's own clock it takes no time.
    sleeping = [n.lineno for n in calls if ast.unparse(n.func) == "time.sleep"]
    assert not sleeping, f"line {sleeping[:1]}: wait for a condition instead"
