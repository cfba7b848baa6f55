"""memcached's options that are no settings of ours: a row each, with what becomes of it and why.

An option is *ignored* with one warning where the server still does what the user wants of it, and *refused* where
starting anyway would be a lie: other ports, other secrets, other data than asked for. Options in NodeSettings and
ProcessSettings are served and stand there. `-o` has rows of its own, by suboption.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from memcluster.config import Memory, Seconds
from memcluster.errors import ConfigError


class Verdict(Enum):
    """What becomes of an option."""

    SERVED = "served"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(frozen=True)
class Option:
    """One option. `metavar`: it takes an argument. `fine`: arguments that change nothing, so nothing is said."""

    names: tuple[str, ...]
    verdict: Verdict
    why: str
    metavar: str | None = None
    fine: tuple[str, ...] = ()
    sets: dict[str, Any] = field(default_factory=dict)


@dataclass
class Outcome:
    """What a command line's memcached options come to."""

    changes: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


S, I, R = Verdict.SERVED, Verdict.IGNORED, Verdict.REFUSED  # noqa: E741

NO_CLASSES = "memory is a log of segments, it has no slab classes"
NO_LRU = "eviction is S3-FIFO, it has no LRU lists to tune"
NO_HASHPOWER = "the index has the size that the memory limit asks for"
NO_TLS = "TLS is not served, and answering in clear text would not be what was asked for"
NO_EXTSTORE = "items live in memory only: give -m what the items need"
NO_WATCH_TUNING = "the log's buffers are sized by the server"

OPTIONS: tuple[Option, ...] = (
    Option(("-U", "--udp-port"), R, "UDP is not served: leave it out, or -U 0", "NUM", fine=("0",)),
    Option(("-f", "--slab-growth-factor"), I, NO_CLASSES, "NUM"),
    Option(("-n", "--slab-min-size"), I, NO_CLASSES, "BYTES"),
    Option(("-L", "--enable-largepages"), I, "the system decides about large pages (transparent_hugepage)"),
    Option(("-C", "--disable-cas"), I, "CAS stays on: it takes no memory from items here"),
    Option(
        ("-B", "--protocol"), R, "the binary protocol is not served: clients must speak text or meta", "NAME",
        fine=("ascii", "auto", "auto-negotiate"),
    ),
    Option(("-S", "--enable-sasl"), R, "SASL belongs to the binary protocol, which is not served"),
    Option(("-Y", "--auth-file"), R, "users and passwords are not served: anyone could connect", "FILE"),
    Option(("-e", "--memory-file"), R, "items do not outlive the process: leave it out", "FILE"),
    Option(("-Z", "--enable-ssl"), R, NO_TLS),
    Option(
        ("-D",), R, "statistics by prefix know ':' only", "CHAR", fine=(":",), sets={"detail": True},
    ),
    Option(("-N", "--napi_ids"), I, "connections are shared out evenly over the threads", "NUM"),
)  # fmt: skip

SUBOPTIONS: tuple[Option, ...] = (
    Option(("idle_timeout",), S, "closes connections idle for so many seconds", "SECONDS"),
    Option(
        ("resp_obj_mem_limit", "read_buf_mem_limit"), S, "clients that do not read are closed from so many MB on", "MB"
    ),
    Option(("maxconns_fast", "modern", "no_modern", "track_sizes", "no_drop_privileges"), S, "as it is anyway"),
    Option(("slab_reassign", "slab_automove", "lru_crawler", "lru_maintainer"), S, "what it is for happens anyway"),
    Option(("no_maxconns_fast",), I, "a connection above -c is told so and closed"),
    Option(("hashpower", "no_hashexpand", "hash_algorithm"), I, NO_HASHPOWER),
    Option(
        ("no_slab_reassign", "slab_automove_ratio", "slab_automove_window", "slab_automove_freeratio"), I, NO_CLASSES
    ),
    Option(("slab_sizes", "slab_chunk_max", "no_slab_automove"), I, NO_CLASSES),
    Option(("tail_repair_time", "no_lru_crawler", "lru_crawler_sleep", "lru_crawler_tocrawl"), I, NO_LRU),
    Option(("no_lru_maintainer", "hot_lru_pct", "warm_lru_pct", "hot_max_factor", "warm_max_factor"), I, NO_LRU),
    Option(("temporary_ttl",), I, NO_LRU),
    Option(("watcher_logbuf_size", "worker_logbuf_size"), I, NO_WATCH_TUNING),
    Option(("inline_ascii_resp", "no_inline_ascii_resp"), I, "memcached itself ignores it"),
    Option(("drop_privileges",), I, "use the service's own sandbox (systemd, a container)"),
    Option(("sock_cookie_id",), R, "sockets carry no cookie for packet filters"),
    Option(("proxy_config", "proxy_arg", "proxy_uring"), R, "routes are the proxy's: see memcluster proxy --help"),
    Option(("ext_*", "no_ext_*"), R, NO_EXTSTORE),
    Option(("ssl_*",), R, NO_TLS),
)


def judge(given: list[tuple[Option, str | None]]) -> Outcome:
    """What options that were given change and what is to be said; ConfigError for one that is refused."""
    outcome = Outcome()
    for option, argument in given:
        shown = f"{option.names[0]} {argument}" if argument is not None else option.names[0]
        _weigh(option, argument, shown, outcome)
    return outcome


def judge_extended(text: str) -> Outcome:
    """The same for the argument of -o: `NAME[=VALUE],…`."""
    outcome = Outcome()
    for part in filter(None, text.split(",")):
        name, _, argument = part.partition("=")
        option = find_suboption(name)
        if option is None:
            raise ConfigError(f"-o {part}: memcached knows no such option, nor do we: leave it out")
        if name == "idle_timeout":
            outcome.changes["idle_timeout"] = _idle_timeout(argument)
        elif name in ("resp_obj_mem_limit", "read_buf_mem_limit"):
            outcome.changes["clients_memory"] = _memory(name, argument)
        else:
            _weigh(option, argument, f"-o {part}", outcome)
    return outcome


def find_suboption(name: str) -> Option | None:
    """The row of a suboption; a row's name may end in a star."""
    for option in SUBOPTIONS:
        for known in option.names:
            if name == known or (known.endswith("*") and name.startswith(known[:-1])):
                return option
    return None


def _weigh(option: Option, argument: str | None, shown: str, outcome: Outcome) -> None:
    if option.verdict is Verdict.SERVED or argument in option.fine:
        outcome.changes |= option.sets
    elif option.verdict is Verdict.IGNORED:
        outcome.warnings.append(f"{shown} is ignored: {option.why}")
    else:
        raise ConfigError(f"{shown} is refused: {option.why}")


def _memory(name: str, argument: str) -> Memory:
    if not argument.isdigit():
        raise ConfigError(f"-o {name}={argument}: write whole megabytes, such as {name}=256; 0: no limit")
    return Memory.parse(argument)


def _idle_timeout(argument: str) -> Seconds:
    if not argument.isdigit():
        raise ConfigError(f"-o idle_timeout={argument}: write whole seconds, such as idle_timeout=60")
    return Seconds(int(argument))
