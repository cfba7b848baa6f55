"""The load generator as a process of its own, on a processor of its own.

`python -m bench.generator run|replay` reads settings as JSON from standard input and prints the report;
`python -m bench.generator floor PORT VALUE_BYTES` serves.
"""

import json
import os
import subprocess
import sys
from typing import Any

from bench.processes import pinned

GENERATOR_PROCESSORS = {1}
# A development build of native/load's binary, which takes the same words.
_BINARY = os.environ.get("MEMCLUSTER_LOAD")
COMMAND = [_BINARY] if _BINARY else [sys.executable, "-m", "bench.generator"]


class GeneratorError(Exception):
    """A run that did not come to an end, with what the generator said."""


def run(**settings: Any) -> dict[str, Any]:
    """One run; the settings are those of native/load/src/settings.rs. With its report comes `generator_cpu_ns`."""
    return _call("run", settings)


def replay(**settings: Any) -> dict[str, Any]:
    """One replay of a trace; the settings are those of native/load/src/trace.rs."""
    return _call("replay", settings)


def _call(verb: str, settings: dict[str, Any]) -> dict[str, Any]:
    before = os.times()
    with pinned(GENERATOR_PROCESSORS):
        child = subprocess.run(
            [*COMMAND, verb], input=json.dumps(settings), text=True, capture_output=True, check=False
        )
    after = os.times()
    if child.returncode != 0:
        raise GeneratorError(f"{settings}: {child.stderr.strip()[-2000:]}")
    report: dict[str, Any] = json.loads(child.stdout)
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return {**report, "generator_cpu_ns": int(spent * 1e9)}


def _main(words: list[str]) -> None:
    from memcluster import _native

    match words:
        case ["run"]:
            print(_native.load_run(sys.stdin.read()))
        case ["replay"]:
            print(_native.load_replay(sys.stdin.read()))
        case ["floor", listen, value_bytes]:
            _native.load_floor(listen, int(value_bytes))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    _main(sys.argv[1:])
