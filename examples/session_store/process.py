"""One process of the website, seen by who started it. Knows nothing of sessions."""

import select
import subprocess
import sys
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

PROGRAM = Path(__file__).with_name("website.py")
START_SECONDS = 30.0
END_SECONDS = 5.0


class WebsiteProcess:
    """Runs until it is left as a context manager, or killed."""

    def __init__(self, name: str, server: str) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM), "--server", server],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    @cached_property
    def url(self) -> str:
        """Where it serves; waits until it does."""
        output = self._process.stdout
        assert output is not None
        is_ready = select.select([output], [], [], START_SECONDS)[0]
        if found := output.readline().strip() if is_ready else "":
            return found
        raise RuntimeError(f"the {self.name} process of the website does not serve: its own error says why")

    def kill(self) -> None:
        """As kill -9 does it: the process saves nothing any more."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._process.communicate(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.communicate()
