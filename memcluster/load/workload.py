"""What people write about a workload, as the generator wants it: the JSON of native/load/src/settings.rs."""

from __future__ import annotations

import math
import re
import shlex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]

LOGNORMAL_BYTES_MIN, LOGNORMAL_BYTES_MAX = 1, 1_000_000


def ratio(text: str) -> Json:
    """`9:1` are nine gets to a set; a third number is deletes."""
    parts = [float(part) for part in text.split(":") if re.fullmatch(r"\d+(\.\d+)?", part)]
    if len(parts) not in (2, 3) or len(parts) != text.count(":") + 1 or not 0 < sum(parts) < math.inf:
        raise ValueError(f"{text!r}: write GET:SET or GET:SET:DELETE, as 9:1 or 90:9:1")
    _, sets, deletes = (*parts, 0.0)[:3]
    return {"set_share": sets / sum(parts), "delete_share": deletes / sum(parts)}


def command(text: str) -> Json:
    """`LPUSH list:__key__ __value__`, its words split as a shell does; `9*GET __key__` is asked nine times as often."""
    weighted = re.fullmatch(r"(\d+(?:\.\d+)?)\*(.*)", text, re.DOTALL)
    weight, rest = (float(weighted[1]), weighted[2]) if weighted else (1.0, text)
    try:
        words = shlex.split(rest)
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from None
    if not words or not 0 < weight < math.inf:
        raise ValueError(f"{text!r}: write a command, as 'LPUSH list:__key__ __value__' or '9*GET __key__'")
    return {"words": words, "weight": weight}


def value_size(text: str) -> Json:
    """`100`, `uniform:10-500`, `lognormal:500,1.2` (median, sigma), `table:100=70,5000=30` (bytes=weight)."""
    return _read(text, "fixed", SIZES, "100, uniform:10-500, lognormal:500,1.2 or table:100=70,5000=30")


def distribution(text: str) -> Json:
    """`uniform`, `zipf:0.99`, `hotspot:0.1,0.9` (share of keys, of requests), `sequential`, `recorded:FILE`."""
    wanted = "uniform, zipf:0.99, hotspot:0.1,0.9, sequential or recorded:FILE"
    return _read(text, text, DISTRIBUTIONS, wanted)


def _read(text: str, default: str, kinds: dict[str, Callable[[str], Json]], wanted: str) -> Json:
    kind, colon, rest = text.partition(":") if ":" in text else (default, "", text)
    try:
        return {"kind": kind, **kinds[kind](rest if colon or kind != text else "")}
    except (KeyError, ValueError):
        raise ValueError(f"{text!r}: write {wanted}") from None


def _uniform_sizes(text: str) -> Json:
    low, high = (_bytes(part) for part in text.split("-"))
    if low > high:
        raise ValueError
    return {"min": low, "max": high}


def _lognormal_sizes(text: str) -> Json:
    median, sigma = (_number(part) for part in text.split(","))
    return {"median": median, "sigma": sigma, "min": LOGNORMAL_BYTES_MIN, "max": LOGNORMAL_BYTES_MAX}


def _table(text: str) -> Json:
    rows = [row.split("=") for row in text.split(",")]
    return {"rows": [(_bytes(size), _number(weight)) for size, weight in rows]}


def _hotspot(text: str) -> Json:
    keys, requests = (_number(part) for part in (text or "0.1,0.9").split(","))
    return {"keys": keys, "requests": requests}


def _bytes(text: str) -> int:
    if not text.isdecimal():
        raise ValueError
    return int(text)


def _number(text: str) -> float:
    """No sign, no infinity, and none of what else `float` takes."""
    number = float(text)
    if not 0 <= number < math.inf:
        raise ValueError
    return number


def _nothing(text: str) -> Json:
    if text:
        raise ValueError
    return {}


def _file(text: str) -> Json:
    if not text:
        raise ValueError
    return {"file": text}


SIZES: dict[str, Callable[[str], Json]] = {
    "fixed": lambda text: {"bytes": _bytes(text)},
    "uniform": _uniform_sizes,
    "lognormal": _lognormal_sizes,
    "table": _table,
}

DISTRIBUTIONS: dict[str, Callable[[str], Json]] = {
    "uniform": _nothing,
    "zipf": lambda text: {"exponent": _number(text or "0.99")},
    "hotspot": _hotspot,
    "sequential": _nothing,
    "recorded": _file,
}
