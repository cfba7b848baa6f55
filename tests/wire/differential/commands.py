"""Random commands: valid ones, ones at the limits of what is valid, and malformed ones. A row a kind, with its weight.

Everything is drawn from one seeded `Random`, so a seed is a replay. Knows the protocol's grammar, not what is answered.
"""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

LENGTHS = (0, 1, 1, 2, 3, 5, 8, 20, 100, 500, 2000, 2047, 4096, 8000)
TOO_LARGE = 1_100_000
FLAGS = ("0", "0", "0", "1", "5", "65535", "4294967295")
ODD_FLAGS = ("4294967296", "4294967301", "18446744073709551616", "-1", "abc", "1a", "1.5", "+1")
EXPTIMES = ("0", "0", "0", "0", "1000", "2592000", "2100000000", "-1", "2592001")
ODD_EXPTIMES = ("4000000000", "abc", "1a", "99999999999999999999", "+0")
NUMBERS = ("0", "1", "2", "10", "99", "18446744073709551615", "9223372036854775808", "4294967296")
CAS_VALUES = ("0", "1", "99", "9223372036854775808", "18446744073709551615")
"""Smaller or larger than any that a server counts up to."""
ODD_NUMBERS = ("18446744073709551616", "-1", "abc", "1a", "1.0", "+1", "99999999999999999999999")
TEXTS = (b"", b"", b"abc", b"-1", b"x")
COUNTERS = (
    b"0", b"1", b"9", b"10", b"99", b"100", b"007", b"18446744073709551615", b"18446744073709551614",
    b"18446744073709551616", b" 12", b"1 2", b"12 ", b"-1", b"abc", b"", b"1.5", b"0000000000000000000000001",
)  # fmt: skip
MODES = ("E", "A", "P", "R", "S", "I", "D", "+", "-", "i", "d", "append", "x", "")
OPAQUES = ("1", "abc", "opaque", "x" * 31, "y" * 32)


@dataclass(frozen=True)
class Command:
    """The bytes of one command, data block included. `{cas+1:key}` stands for a key's CAS value then, plus 1."""

    text: bytes
    surplus: int = 0
    """How many bytes of what follows may be taken for this command's data block; then it ends its batch."""
    is_last: bool = False
    """Nothing after it is answered: it closes the connection, or waits for a block that does not come."""


class Writer:
    """Draws commands about a few keys."""

    def __init__(self, random: Random, prefix: str) -> None:
        self.random = random
        self.plain = [f"{prefix}{name}" for name in "abc"]
        self.counters = [f"{prefix}{name}" for name in ("one", "two")]
        """Only these hold numbers. A number that gets shorter may be padded, so nobody asks for their length or appends
        to them; nor for marks (hit, stale, being recached), which a number that still waits to be sent loses."""
        self.keys = [
            *self.plain,
            *self.plain,
            *self.counters,
            f"{prefix}longest".ljust(250, "k"),
            f"{prefix}{{tag}}1",
            f"{prefix}\x01\x7f",
        ]

    # --- words

    def key(self) -> str:
        if self.random.random() < 0.01:
            return self.plain[0].ljust(251, "k")
        return self.random.choice(self.keys)

    def word(self, usual: tuple[str, ...], odd: tuple[str, ...]) -> str:
        return self.random.choice(odd if self.random.random() < 0.03 else usual)

    def flags(self) -> str:
        return self.word(FLAGS, ODD_FLAGS)

    def exptime(self) -> str:
        return self.word(EXPTIMES, ODD_EXPTIMES)

    def number(self) -> str:
        return self.word(NUMBERS, ODD_NUMBERS)

    def cas(self, key: str) -> str:
        """A CAS value that may be the right one, when there is one to know."""
        if key in (*self.plain, *self.counters) and self.random.random() < 0.8:
            return f"{{cas{self.random.choice((0, 0, 0, 1 << 61, -1)):+d}:{key}}}"
        return self.word(CAS_VALUES, ODD_NUMBERS)

    def noreply(self) -> str:
        return " noreply" if self.random.random() < 0.1 else ""

    def counter(self) -> str:
        """A key to count in; seldom one that holds no number."""
        return self.random.choice(self.counters) if self.random.random() < 0.9 else self.key()

    def value(self, key: str) -> bytes:
        draw = self.random.random()
        if key in self.counters:
            return self.random.choice(COUNTERS)
        if draw < 0.3:
            return self.random.choice(TEXTS)
        if draw < 0.303:
            return b"z" * TOO_LARGE
        length = self.random.choice(LENGTHS)
        return b"~" + self.random.randbytes(min(length, 300)) if draw < 0.4 else b"v" * length

    def block(self, value: bytes) -> tuple[bytes, int]:
        """A data block that is sent for `value`, now and then not what was announced, and the surplus that makes."""
        match self.random.randrange(60):
            case 0:
                return value + b"\n", 1
            case 1:
                return value + b"more\r\n", 0
            case 2 if value:
                return value[:-1] + b"\r\n", 1
            case _:
                return value + b"\r\n", 0

    # --- classic commands

    def storage(self) -> Command:
        key = self.key()
        joining = () if key in self.counters else ("append", "prepend")
        name = self.random.choice(("set", "set", "set", "add", "replace", *joining))
        value = self.value(key)
        line = f"{name} {key} {self.flags()} {self.exptime()} {len(value)}{self.noreply()}"
        return self.with_block(line, value)

    def cas_storage(self) -> Command:
        key = self.key()
        value = self.value(key)
        line = f"cas {key} {self.flags()} {self.exptime()} {len(value)} {self.cas(key)}{self.noreply()}"
        return self.with_block(line, value)

    def with_block(self, line: str, value: bytes) -> Command:
        block, surplus = self.block(value)
        return Command(line.encode("latin-1") + b"\r\n" + block, surplus)

    def line(self, text: str) -> Command:
        return Command(text.encode("latin-1") + self.random.choice((b"\r\n", b"\r\n", b"\r\n", b"\n")))

    def many_keys(self, most: int) -> str:
        return " ".join(self.key() for _ in range(min(most, self.random.choice((1, 1, 1, 2, 3, 10, 30)))))

    def retrieval(self) -> Command:
        return self.line(f"{self.random.choice(('get', 'get', 'gets'))} {self.many_keys(30)}")

    def touch_retrieval(self) -> Command:
        return self.line(f"{self.random.choice(('gat', 'gats'))} {self.exptime()} {self.many_keys(6)}")

    def delete(self) -> Command:
        return self.line(f"delete {self.key()}{self.noreply()}")

    def delete_with_extra(self) -> Command:
        return self.line(f"delete {self.plain[0]} {self.random.choice(('0', '5', 'abc'))}{self.noreply()}")

    def arithmetic(self) -> Command:
        name = self.random.choice(("incr", "incr", "decr"))
        return self.line(f"{name} {self.counter()} {self.number()}{self.noreply()}")

    def touch(self) -> Command:
        return self.line(f"touch {self.key()} {self.exptime()}{self.noreply()}")

    # --- meta commands

    def meta_get(self) -> Command:
        key = self.key()
        return self.meta("mg", key, "vvvvcftkqulOTEC" if key in self.counters else "vvvvcftshkqulORNTEC", "MSIx")

    def meta_delete(self) -> Command:
        key = self.key()
        return self.meta("md", key, "qkOCETx" if key in self.counters else "qkOCEITx", "vcM")

    def meta_arithmetic(self) -> Command:
        key = self.counter()
        return self.meta("ma", key, "vvtckqONJDMTCE" if key in self.counters else "vtckqOJDMTCE", "Ixs")

    def meta_debug(self) -> Command:
        return self.meta("me", self.key(), "", "bqk")

    def meta_noop(self) -> Command:
        return self.line("mn")

    def meta_set(self) -> Command:
        key = self.key()
        value = self.value(key)
        name, words = self.meta_words(key, "ckqOFTCE" if key in self.counters else "ckqOFTMCEINs", "vtxJ")
        if self.random.random() < 0.01:
            announced = self.random.choice(("-1", "abc", "5a", ""))
            return Command(f"ms {name} {announced}{words}\r\nvalue\r\n".encode("latin-1"), surplus=8)
        if re.search(" [^A-Za-z]", words):
            value = value[:500]  # Not swallowed, so it is a line: over 2048 bytes it may end the connection.
        return self.with_block(f"ms {name} {len(value)}{words}", value)

    def meta(self, name: str, key: str, usual: str, odd: str) -> Command:
        key, words = self.meta_words(key, usual, odd)
        return self.line(f"{name} {key}{words}")

    def meta_words(self, key: str, usual: str, odd: str) -> tuple[str, str]:
        """The key as it is written, and the flags; seldom one of another command, an unknown or a repeated one."""
        letters = self.random.sample(usual, min(len(usual), self.random.randrange(6)))
        letters = sorted(set(letters), key=letters.index)
        draw = self.random.random()
        if draw < 0.02:
            letters.append(self.random.choice(odd))
        elif draw < 0.03:
            letters.append(self.random.choice("!ZWX9ad"))
        elif draw < 0.04 and letters:
            letters.append(letters[0])
        elif draw < 0.06:
            letters.append(self.random.choice("PL"))
        words = "".join(" " + self.meta_flag(letter, key) for letter in letters)
        if self.random.random() < 0.15:
            return base64.b64encode(key.encode("latin-1")).decode(), f" b{words}"
        if self.random.random() < 0.005:
            return "not*base64", f" b{words}"
        return key, words

    def meta_flag(self, letter: str, key: str) -> str:
        """The flag with its token, if it takes one."""
        if letter == "O" and self.random.random() < 0.02:
            return "O" + "z" * 33
        return letter + self.tokens(key).get(letter, str)()

    def tokens(self, key: str) -> dict[str, Callable[[], str]]:
        """What follows a flag's letter, for those that take a token."""
        return {
            "O": lambda: self.random.choice(OPAQUES),
            **dict.fromkeys("TNR", self.exptime),
            "C": lambda: self.cas(key),
            **dict.fromkeys("EJD", self.number),
            "F": self.flags,
            "M": lambda: self.random.choice(MODES),
        }

    # --- what a server answers for itself, and what it refuses

    def administration(self) -> Command:
        return self.line(self.random.choice(ADMINISTRATION))

    def flush(self) -> Command:
        return self.line(self.random.choice(FLUSHES))

    def refused(self) -> Command:
        return self.line(self.random.choice(REFUSED).replace("KEY", self.key()))

    def refused_storage(self) -> Command:
        """A storage line that is wrong, with a block that may be swallowed or read as a command."""
        line = self.random.choice(REFUSED_STORAGE).replace("KEY", self.key())
        return Command(line.encode("latin-1") + b"\r\nvalue\r\n", surplus=8)

    def noise(self) -> Command:
        letters = self.random.choices("abg1 :-_*$\\\"'", k=self.random.randrange(1, 40))
        return self.line("".join(letters).strip() or "?")

    def ending(self) -> Command:
        return Command(self.random.choice(ENDINGS), is_last=True)


FLUSHES = ("flush_all", "flush_all 0", "flush_all noreply", "flush_all -1", "flush_all abc")

ADMINISTRATION = (
    "verbosity 1", "verbosity 0", "verbosity 1 noreply", "verbosity", "verbosity abc", "stats nothing",
    "stats detail", "stats detail on", "stats detail off", "stats detail maybe", "cache_memlimit 4",
    "cache_memlimit abc", "shutdown", "shutdown graceful", "version",
)  # fmt: skip

REFUSED = (
    "", "x", "get", "gets", "gat", "gat 10", "gats 0", "get ", "delete", "incr", "incr KEY", "decr KEY", "touch",
    "touch KEY", "set", "set KEY", "set KEY 0", "set KEY 0 0", "mg", "ms", "md", "ma", "me", "ms KEY", "GET KEY",
    "Set KEY 0 0 1", "getx KEY", "g KEY", "unknown", "mz KEY", "m", "mgg KEY v", "  get  KEY", " get KEY", "get  KEY",
    "get KEY ", "get KEY  KEY ", "incr  KEY  1", "delete  KEY ", "get KEY noreply", "incr KEY 1 2", "touch KEY 0 0",
    "incr KEY 1 noreply extra", "mn extra", "mn 1 2 3", "verbosity 1 2 3", "me KEY KEY", "mg KEY v v", "mg KEY a1 b2",
    "mg KEY v k s t f c h l u q O1 P L N0 R0 T0 P L v k s t f c h l u", "stats foo bar", "slabs", "lru", "slabs foo",
    "lru_crawler", "lru_crawler foo", "extstore", "debugtime 1",
)  # fmt: skip

REFUSED_STORAGE = (
    "set KEY abc 0 5", "set KEY 0 abc 5", "set KEY 0 0 abc", "set KEY 0 0 -1", "set KEY 0 0 5 extra",
    "set KEY -1 0 5", "set KEY 0 0 5a", "cas KEY 0 0 5 abc", "cas KEY 0 0 5 -1", "cas KEY 0 0 5", "append KEY x y z",
    "ms KEY abc", "ms KEY 5 X", "ms KEY 5 S5", "ms KEY 5 MX", "ms KEY 5 Mxyz", "ms KEY 5 Fabc", "ms KEY 5 Tabc",
    "ms KEY 5 Cabc", "ms KEY S5", "ms KEY 5 5", "ms KEY 5 k k", "ms bad*64 5 b",
)  # fmt: skip

ENDINGS = (
    b"quit\r\n", b"get unfinished", b"set open 0 0 4000\r\nhalf",
    b"add open 0 0 2147483647\r\n1\r\nmn\r\n",
    b"set open 0 0 4294967296\r\n1\r\nmn\r\n", b"ms open 5000\r\nhalf", b"mg a v",
)  # fmt: skip

KINDS: tuple[tuple[int, Callable[[Writer], Command]], ...] = (
    (160, Writer.storage),
    (40, Writer.cas_storage),
    (120, Writer.retrieval),
    (30, Writer.touch_retrieval),
    (40, Writer.delete),
    (3, Writer.delete_with_extra),
    (80, Writer.arithmetic),
    (30, Writer.touch),
    (130, Writer.meta_get),
    (110, Writer.meta_set),
    (60, Writer.meta_delete),
    (80, Writer.meta_arithmetic),
    (5, Writer.meta_debug),
    (5, Writer.meta_noop),
    (4, Writer.administration),
    (2, Writer.flush),
    (15, Writer.refused),
    (8, Writer.refused_storage),
    (4, Writer.noise),
    (1, Writer.ending),
)
WEIGHTS = [weight for weight, _ in KINDS]
MAKERS = [maker for _, maker in KINDS]


def draw(writer: Writer) -> Command:
    """The next random command."""
    (maker,) = writer.random.choices(MAKERS, WEIGHTS)
    return maker(writer)
