"""The known differences, a row each: between versions of memcached, and between memcached and our node or proxy.

A row says which commands are not sent to such a pair of servers, or which words of the answers count as the same.
docs/differences.md is this table for readers; `python -m tests.wire.differential.document` writes it.
"""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.wire.differential.commands import Command

Instead = Callable[[re.Match[bytes]], bytes]
NEWEST = (9, 9, 9)
BYTES_SEARCHED = 8_000
"""A command with the longest line, or with its line and a short block."""


@dataclass(frozen=True)
class Difference:
    """One known difference."""

    what: str
    reason: str
    before: tuple[int, ...] = NEWEST
    """Holds against a memcached older than this."""
    since: tuple[int, ...] = ()
    """Holds against a memcached of this version or newer."""
    servers: tuple[str, ...] = ("node", "proxy")
    """Which of ours answer differently."""
    unsent: str | None = None
    """Commands in which this is found are not sent."""
    same: tuple[str, str | Instead] | None = None
    """A pattern of an answer and what counts in its stead, on both sides."""


@dataclass(frozen=True)
class Known:
    """The differences that hold for one pair of servers."""

    rows: tuple[Difference, ...]

    def is_sent(self, command: Command) -> bool:
        text = command.text[:BYTES_SEARCHED].decode("latin-1")
        return not any(row.unsent and re.search(row.unsent, text) for row in self.rows)

    def mask(self, answer: bytes) -> bytes:
        for row in self.rows:
            if row.same:
                pattern, instead = row.same
                replacement = instead.encode("latin-1") if isinstance(instead, str) else instead
                answer = re.sub(pattern.encode("latin-1"), replacement, answer)
        return answer


def known(server: str, memcached_version: tuple[int, ...]) -> Known:
    """The rows for one of our servers, or for `memcached`: a newer one of it, against a memcached of this version."""
    if server == "memcached":
        return Known(tuple(row for row in DIFFERENCES if row.before != NEWEST or row.since or server in row.servers))
    return Known(
        tuple(row for row in DIFFERENCES if row.since <= memcached_version < row.before and server in row.servers)
    )


def plain_key(echoed: re.Match[bytes]) -> bytes:
    return b" k" + base64.b64decode(echoed[1])


DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        "A retrieval with a key of more than 250 bytes",
        "memcached sends a blank line too many, and throws away the answers to what was pipelined before it, which no "
        "client can sort out. Ours is one `CLIENT_ERROR bad command line format`.",
        servers=("node", "proxy", "memcached"),
        unsent=r"^ *(get|gets|gat|gats) .*[^ ]{251}",
    ),
    Difference(
        "A number that gets shorter",
        "memcached pads it with spaces to its former length, unless an answer that still waits to be sent holds the "
        "item. Ours is never padded.",
        servers=("node", "proxy", "memcached"),
        same=(r"((?:VALUE \S+ \d+|VA)) \d+((?: [^\r\n]*)?\r\n\d+) *\r\n", r"\1 N\2\r\n"),
    ),
    Difference(
        "An opaque (`O`) of more than 31 bytes",
        "memcached refuses it after it has done what the command says. Ours refuses first, and does nothing.",
        unsent=r"^m. .* O\w{32}",
    ),
    Difference(
        "A meta flag that is no letter",
        "1.6.45 calls it a `bad command line format`, and reads the block of such an `ms` as commands. Ours is an "
        "`invalid flag` like any other, and the block is swallowed.",
        unsent=r"^m(s \S+ \S+|[^s] \S+).* [^A-Za-z\s]",
    ),
    Difference(
        "`k` for a key that was stored in base64 form and is asked for in plain form, or the other way round",
        "memcached remembers the form in which it was stored. Ours returns the key as it was asked for.",
        same=(r" k([A-Za-z0-9+/]+={0,2}) b(?=[ \r])", plain_key),
    ),
    Difference(
        "`E0` in `mg`, `md` and `ma`",
        "memcached takes zero for a CAS value or for none, depending on how it stores the item. To ours it is a value.",
        servers=("node", "proxy", "memcached"),
        unsent=r"^m[gda] .* E0\b",
    ),
    Difference(
        "The key in the answer to `me`",
        "memcached shows it in the form in which it was stored. Ours shows it decoded.",
        same=(r"\bME \S+ exp", "ME key exp"),
    ),
    Difference(
        "`t` for a time that has passed",
        "In both a number below zero that is written without its sign; how far below is the server's own affair.",
        same=(r" t429496\d{4}", " t-0"),
    ),
    Difference(
        "`c` for an item that is expired as it is stored",
        "Ours stores nothing then, and so has no CAS value to tell: `c0`.",
        unsent=r"^m. (?=.* c)(?=.* [TN](-1|2592001))",
    ),
    Difference(
        "`cache_memlimit`, `lru`, `lru_crawler`, `slabs`, `shutdown` to the proxy",
        "They mean one server. The proxy says so, and refuses: a `CLIENT_ERROR` that names the command.",
        servers=("proxy",),
        unsent=r"^(cache_memlimit|lru|lru_crawler|slabs|shutdown)\b",
    ),
    Difference(
        "Known commands with too few words, and lines of less than four bytes",
        "Before, they were an `ERROR`, as unknown commands still are.",
        before=(1, 6, 45),
        same=(r"(?m)^(ERROR|CLIENT_ERROR bad command line format)\r$", "refused\r"),
    ),
    Difference(
        "`mn` that ends in `\\n` alone",
        "It is such a short line.",
        before=(1, 6, 45),
        unsent=r"^mn\n",
    ),
    Difference(
        "The block after a refused storage line",
        "It was read as a command, for a second answer. Now it is swallowed wherever its length can be read.",
        before=(1, 6, 45),
        unsent=r"^(ms (?!\S{1,250} +\d{1,7}( [A-Za-z]\S*)*\r?\n)"
        r"|cas (?!\S{1,250} \d{1,10} -?\d{1,10} \d{1,7} (?!18446744073709551616)(\d{1,20}|\{cas.*)( noreply)?\r?\n)"
        r"|(set|add|replace|append|prepend) (?!\S{1,250} \d{1,10} -?\d{1,10} \d{1,7}( noreply)?\r?\n))",
    ),
    Difference(
        "`E`: the CAS value to give to the item",
        "It is new in 1.6.27.",
        before=(1, 6, 27),
        unsent=r"^m. .* E",
    ),
    Difference(
        "`ma` with `N` and `q`",
        "The `HD` of a number that is created was shown in spite of `q`.",
        before=(1, 6, 45),
        unsent=r"^ma (?=.* N)(?=.* q)",
    ),
    Difference(
        "`md` with `x`",
        "Dropping a value and keeping its item is new in 1.6.27.",
        before=(1, 6, 27),
        unsent=r"^m. .* x",
    ),
    Difference(
        "`ms` with `s`, and with `N` in append and prepend mode",
        "New in 1.6.20.",
        before=(1, 6, 20),
        unsent=r"^ms .* (s|N)",
    ),
    Difference(
        "`mg` with `C`",
        "Leaving out a value whose CAS the client knows is new in 1.6.40.",
        before=(1, 6, 40),
        unsent=r"^mg .* C",
    ),
    Difference(
        "Lines that begin with a space",
        "The space was skipped. Now such a line is an unknown command.",
        before=(1, 6, 45),
        unsent=r"^ ",
    ),
    Difference(
        "`gat` and `gats` without a key",
        "They were a retrieval of nothing: `END`.",
        before=(1, 6, 45),
        unsent=r"^gats? \S*\r?\n",
    ),
    Difference(
        "Times to live of more than 31 bits",
        "They were cut to 32 bits. Now they are refused.",
        before=(1, 6, 45),
        unsent=r"(?<!\d)4000000000",
    ),
    Difference(
        "`M` with no letter or with several",
        "It was refused for its length. Now its first letter is looked at.",
        before=(1, 6, 45),
        unsent=r"^m. .* M(\w\w|\s|$)",
    ),
    Difference(
        "`shutdown` without `-A`",
        "The answer began with `ERROR:`, and begins with `SERVER_ERROR:` now.",
        before=(1, 6, 45),
        same=(r"(SERVER_)?ERROR: shutdown not enabled", "shutdown refused"),
    ),
    Difference(
        "Base64 keys of which the encoded form has more than 250 bytes",
        "They were refused. Now only the key itself has that limit.",
        before=(1, 6, 45),
        unsent=r"^m. \S{251}",
    ),
    Difference(
        "Numbers with a plus sign",
        "They were accepted.",
        before=(1, 6, 45),
        unsent=r" [A-Z]?\+\d",
    ),
    Difference(
        "Which `CLIENT_ERROR` a wrong meta flag is",
        "`md` and `ma` had one text for all of them, and flags were looked at in another order.",
        before=(1, 6, 45),
        same=(
            "CLIENT_ERROR (invalid or duplicate|invalid flag|duplicate|bad token in|opaque token|error decoding)[^\r]*",
            "refused",
        ),
    ),
    Difference(
        "Counting on a value of nothing but white space",
        "memcached reads on behind the value, and counts on what it finds there. To ours it is no number.",
    ),
    Difference(
        "Lines of more than 2048 bytes",
        "Both end the connection if one arrives in several reads and is no retrieval. To memcached, `gat` and `gats` "
        "are none; ours takes them at any length, too.",
    ),
    Difference(
        "`get_flushed` in `stats`",
        "memcached counts the commands that meet a flushed item of which it has not taken the memory back yet. Ours "
        "takes everything back at the second of the flush, delayed or not; so nothing flushed is left to meet, and it "
        "is always 0. Such misses are in `get_misses`, as in memcached.",
        servers=("node",),
    ),
    Difference(
        "`get_expired` in `stats`",
        "Both count commands that meet an expired item before it was cleared away in the background, and both clear at "
        "times of their own. memcached counts a plain `set` over such an item, too; ours does not look at what it "
        "overwrites.",
        servers=("node",),
    ),
    Difference(
        "`cas` in `lru_crawler metadump`",
        "It is the item's CAS value and no later version's, in both. Ours gives an item another one when it moves it "
        "in memory, unless somebody has asked for it (with `gets`, say); so a comparison may fail in vain.",
        servers=("node",),
    ),
    Difference(
        "`ts` and `clsid` of what `watch` tells",
        "memcached tells microseconds and the slab class. Ours tells whole seconds, and has one class, 1. Evictions "
        "are told about ten times a second, behind what else has happened meanwhile.",
        servers=("node",),
    ),
    Difference(
        "Answers to a client that ends its side inside a data block",
        "memcached may drop them. Ours sends what is finished.",
    ),
    Difference(
        "`delete` with a further word",
        "1.6.45 ignores it. `memcapable` wants the error of older versions (for any word but `0`), and ours gives it.",
        since=(1, 6, 45),
        unsent=r"^delete \S+ (?!noreply\r?\n)\S",
    ),
    Difference(
        "`incr`, `decr` and `touch` with a word after `noreply`",
        "They were refused. Now what follows is ignored, and they are answered.",
        before=(1, 6, 45),
        unsent=r"^(incr|decr|touch) .* noreply \S",
    ),
    Difference(
        "`verbosity` with further words",
        "They were refused. Now they are ignored.",
        before=(1, 6, 45),
        unsent=r"^verbosity \S+ (?!noreply\r?\n)",
    ),
    Difference(
        "`ma` with `T` or `E` after a pipelined retrieval of the same key",
        "As long as the answer to the retrieval waits to be sent, memcached loses both. Ours does not.",
        servers=("node", "proxy", "memcached"),
        unsent=r"^ma .* [TE]",
    ),
    Difference(
        "`me` with `b`",
        "1.6.45 looks for the encoded key, and so finds nothing. Ours decodes it, as older versions do.",
        since=(1, 6, 45),
        unsent=r"^me .* b",
    ),
    Difference(
        "`F` of more than 32 bits",
        "It was cut to 32 bits. Now it is refused.",
        before=(1, 6, 45),
        unsent=r"^ms .* F(4294967296|4294967301|18446744073709551616)",
    ),
    Difference(
        "A value too large in an `ms` that is also wrong",
        "Which of the two errors is told was another.",
        before=(1, 6, 45),
        unsent=r"^ms \S+ \d{7,} .*O\w{32}",
    ),
    Difference(
        "Numbers from 2^63 on",
        "memcached looked for a minus sign, and did so beyond their end, in what follows in memory; some were refused.",
        before=(1, 6, 45),
        unsent=r"9223372036854775808|18446744073709551\d{3}",
    ),
    Difference(
        "Keys that were stored by their base64 form",
        "They were returned in that form even to who asks for them in plain form.",
        before=(1, 6, 45),
        unsent=r"^(ms .* b|m[ag] (?=.* b)(?=.* N))",
    ),
    Difference(
        "`me` with further words",
        "They were ignored. Now they have to be flags.",
        before=(1, 6, 45),
        unsent=r"^me \S+ \S",
    ),
)
