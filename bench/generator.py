"""The load generator as a process of its own, on a processor of its own.

`python -m bench.generator run|replay` reads settings as JSON from standard input and prints the report;
`python -m bench.generator floor PORT VALUE_BYTES` serves.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from bench.processes import ROOT, pinned

GENERATOR_PROCESSORS = {1}
COMMAND = [sys.executable, "-m", "bench.generator"]


class GeneratorError(Exception):
    """A run that did not come to an end, with what the generator said."""


def run(processors: set[int] = GENERATOR_PROCESSORS, **settings: Any) -> dict[str, Any]:
    """One run; the settings are those of native/load/src/settings.rs. With its report comes `generator_cpu_ns`."""
    return _call("run", settings, processors)


def replay(processors: set[int], **settings: Any) -> dict[str, Any]:
    """One replay of a trace; the settings are those of native/load/src/trace.rs."""
    return _call("replay", settings, processors)


def _call(verb: str, settings: dict[str, Any], processors: set[int]) -> dict[str, Any]:
    with pinned(processors):
        child = subprocess.run(
            [*COMMAND, verb], cwd=ROOT, input=json.dumps(settings), text=True, capture_output=True, check=False
        )
    if child.returncode != 0:
        raise GeneratorError(f"{settings}: {child.stderr.strip()[-2000:]}")
    report: dict[str, Any] = json.loads(child.stdout)
    return report


def _timed(work: Callable[[str], str], settings: str) -> dict[str, Any]:
    """The report, with the processor time of all this process's threads: without the interpreter's start."""
    before = time.process_time_ns()
    report: dict[str, Any] = json.loads(work(settings))
    return {**report, "generator_cpu_ns": time.process_time_ns() - before}


def _main(words: list[str]) -> None:
    from memcluster import _native

    match words:
        case ["run"]:
            print(json.dumps(_timed(_native.load_run, sys.stdin.read())))
        case ["replay"]:
            print(json.dumps(_timed(_native.load_replay, sys.stdin.read())))
        case ["floor", listen, value_bytes]:
            _native.load_floor(listen, int(value_bytes))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    _main(sys.argv[1:])
