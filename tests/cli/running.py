"""`memcluster up` as a process of its own, with a runtime directory of its own."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.connection import WAIT_SECONDS
from tests.servers import START_SECONDS, wait_for

ATTEMPTS_MAX = 3
VERB_SECONDS = 3 * WAIT_SECONDS
"""What a verb may take: one that moves a group waits for a candidate for up to 15 s."""


@dataclass
class Up:
    """A supervisor and where it writes."""

    process: subprocess.Popen[bytes]
    runtime: Path
    out: Path
    err: Path
    program: list[str]
    environment: dict[str, str]

    def record(self) -> dict[str, object] | None:
        """What stands in the record, once it does."""
        for path in (self.runtime / "memcluster").glob("cluster-*.json"):
            found: dict[str, object] = json.loads(path.read_bytes())
            return found
        return None

    def processes(self) -> list[dict[str, object]]:
        found = self.record()
        return list(found["processes"]) if found else []  # type: ignore[call-overload]

    def is_serving(self) -> bool:
        assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.err.read_text()}"
        rows = self.processes()
        return bool(rows) and all(row["state"] == "serving" for row in rows)

    @property
    def address(self) -> str:
        return str(self.processes()[0]["address"])

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Sends a signal and waits for the end."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(WAIT_SECONDS)

    def run(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """One of the verbs, talking to this cluster; again, if a busy machine held up the state of a group for 1 s."""
        for _ in range(ATTEMPTS_MAX):
            ended = subprocess.run(
                [*self.program, *arguments],
                env=self.environment, capture_output=True, text=True, input=text, timeout=VERB_SECONDS, check=False,
            )  # fmt: skip
            if "the state file has not answered" not in ended.stderr:
                break
        return ended

    def run_well(self, *arguments: str) -> str:
        """What a verb says that asks every process, once all answer: a busy machine may keep one from it for 1 s."""

        def said() -> str | None:
            ended = self.run(*arguments)
            return ended.stdout if ended.returncode == 0 and "no answer" not in ended.stdout else None

        return wait_for(said, f"{' '.join(arguments)} to find that all answer", START_SECONDS) or ""


def start_up(folder: Path, *arguments: str, program: list[str] | None = None, path: str | None = None) -> Up:
    """Starts `memcluster up` in that folder and does not wait for it: this checkout's, or another program's."""
    program = program or [sys.executable, "-m", "memcluster"]
    runtime = folder / "runtime"
    runtime.mkdir()
    out, err = folder / "out", folder / "err"
    environment = os.environ | {"XDG_RUNTIME_DIR": str(runtime), "PATH": path or os.environ["PATH"]}
    with out.open("wb") as standard, err.open("wb") as errors:
        process = subprocess.Popen(
            [*program, "up", *arguments],
            stdout=standard, stderr=errors, stdin=subprocess.DEVNULL, env=environment, cwd=folder,
        )  # fmt: skip
    return Up(process, runtime, out, err, program, environment)


def are_gone(processes: list[psutil.Process]) -> bool:
    return not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)


def wait_until_serving(up: Up) -> Up:
    wait_for(up.is_serving, "the cluster to serve", START_SECONDS)
    return up
