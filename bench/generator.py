"""The load generator as a process of its own, on processors of its own.

`python -m bench.generator serve` reads requests, `["run" or "replay", settings]` in JSON, a line each, and prints the
report of each, or what went wrong; `python -m bench.generator floor PORT VALUE_BYTES` serves.
"""

import atexit
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from bench.processes import ROOT, pinned

GENERATOR_PROCESSORS = {1}
COMMAND = [sys.executable, "-m", "bench.generator"]
STOP_TIMEOUT_SECONDS = 10.0


class GeneratorError(Exception):
    """A run that did not come to an end, with what the generator said."""


def run(processors: set[int] = GENERATOR_PROCESSORS, **settings: Any) -> dict[str, Any]:
    """One run; the settings are those of native/load/src/settings.rs. With its report comes `generator_cpu_ns`."""
    return _call("run", settings, processors)


def replay(processors: set[int], **settings: Any) -> dict[str, Any]:
    """One replay of a trace; the settings are those of native/load/src/trace.rs."""
    return _call("replay", settings, processors)


class _Generator:
    """One generator: it stays for the next runs, for its start takes as long as a run."""

    def __init__(self, processors: set[int]) -> None:
        with pinned(processors):
            self._child = subprocess.Popen(
                [*COMMAND, "serve"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        atexit.register(self.stop)

    def ask(self, verb: str, settings: dict[str, Any]) -> dict[str, Any]:
        assert self._child.stdin
        assert self._child.stdout
        with suppress(BrokenPipeError):
            self._child.stdin.write(json.dumps([verb, settings]) + "\n")
            self._child.stdin.flush()
        answer = self._child.stdout.readline()
        if not answer:
            raise GeneratorError(f"{settings}: the generator has ended with {self._child.wait()}")
        report: dict[str, Any] = json.loads(answer)
        if "failure" in report:
            raise GeneratorError(f"{settings}: {report['failure']}")
        return report

    def stop(self) -> None:
        """Ends it, by force after a while."""
        assert self._child.stdin
        with suppress(BrokenPipeError):
            self._child.stdin.close()
        try:
            self._child.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


# Those that have nothing to do, by their processors: as many as ever ran at once.
_idle: dict[frozenset[int], list[_Generator]] = {}
_turn = threading.Lock()


@contextmanager
def _generator(processors: set[int]) -> Iterator[_Generator]:
    place = frozenset(processors)
    with _turn:
        idle = _idle.setdefault(place, [])
        generator = idle.pop() if idle else _Generator(processors)
    yield generator
    # One that has failed is not used again.
    with _turn:
        idle.append(generator)


def _call(verb: str, settings: dict[str, Any], processors: set[int]) -> dict[str, Any]:
    with _generator(processors) as generator:
        return generator.ask(verb, settings)


def _timed(work: Callable[[str], str], settings: str) -> dict[str, Any]:
    """The report, with the processor time of all this process's threads: without the interpreter's start."""
    before = time.process_time_ns()
    report: dict[str, Any] = json.loads(work(settings))
    return {**report, "generator_cpu_ns": time.process_time_ns() - before}


def _serve() -> None:
    from memcluster import _native

    work = {"run": _native.load_run, "replay": _native.load_replay}
    for line in sys.stdin:
        verb, settings = json.loads(line)
        try:
            report = _timed(work[verb], json.dumps(settings))
        except (OSError, ValueError, RuntimeError) as error:
            report = {"failure": str(error)}
        print(json.dumps(report), flush=True)


def _main(words: list[str]) -> None:
    from memcluster import _native

    match words:
        case ["serve"]:
            _serve()
        case ["floor", listen, value_bytes]:
            _native.load_floor(listen, int(value_bytes))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    _main(sys.argv[1:])
