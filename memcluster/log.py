"""Log lines on stderr, for people or as JSON. Every process of memcluster logs so, and only so."""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Annotated, Literal

from memcluster.config import Flag, Settings


class LogSettings(Settings, frozen=True):
    """What is logged and how it looks."""

    format: Annotated[
        Literal["text", "json"], Flag("--log-format", help="how log lines look: text or json", metavar="FORMAT")
    ] = "text"
    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Flag("--log-level", help="the least that is logged: debug, info, warning or error", metavar="LEVEL"),
    ] = "info"


class Text(logging.Formatter):
    """`2026-01-31 12:00:00 INFO node 127.0.0.1:11211: listening`."""

    def __init__(self, who: str) -> None:
        super().__init__(f"%(asctime)s %(levelname)s {who.replace('%', '%%')}: %(message)s", "%Y-%m-%d %H:%M:%S")


class Json(logging.Formatter):
    """One object a line; times are UTC."""

    def __init__(self, who: str) -> None:
        super().__init__()
        self.who = who

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "time": f"{seconds}.{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "who": self.who,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure(settings: LogSettings, who: str) -> None:
    """Sends the root logger's lines to stderr; `who` says whose they are."""
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(Json(who) if settings.format == "json" else Text(who))
    logging.basicConfig(handlers=[stream], level=settings.level.upper(), force=True)
