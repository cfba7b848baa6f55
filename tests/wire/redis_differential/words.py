"""Draws words of each kind: plain ones mostly, then those at the limits of what is valid, then ones that are not.

A row a kind: what is plain, and what is odd. Key names tell the type they hold, so that most commands meet their own.
"""

import re
from collections.abc import Callable
from random import Random

HEXADECIMAL = re.compile(r"%([0-9a-f]{2})")
"""A sign that means something in a grammar."""
ODD_SHARE = 0.08
WRONG_KEY_SHARE = 0.06

TYPES = ("string", "list", "set", "zset", "hash", "stream", "bits", "hll", "geo")
KEYS = {name: tuple(f"{name}{number}" for number in range(1, 4)) for name in TYPES}
LEXICAL = "lexical"
"""Sorted sets of one score each, of which no other command knows: with several no order by name is defined."""
ALL_KEYS = tuple(key for keys in KEYS.values() for key in keys)
NO_KEYS = ("missing", "", "nothing")

BIG = "9223372036854775807"
NO_NUMBERS = (
    "",
    "abc",
    "1.0",
    " 1",
    "1 ",
    "01",
    "+1",
    "-0",
    "0x10",
    "1e3",
    "9223372036854775808",
    "12345678901234567890",
)
EDGES = (BIG, "-9223372036854775808", "9223372036854775806", "-9223372036854775807")
LONG = "l" * 65
HUGE = "h" * 5000

# Kind: plain words, odd words.
WORDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "value": (("a", "b", "hello", "10", "-3", "2.5", "0", "world"), ("", "x\0\r\n\xff", LONG, HUGE, BIG)),
    "member": (("a", "b", "c", "d", "e", "f", "1", "2", "3", "17"), ("", LONG, "x\0\r\n\xff", "A", "-5", BIG)),
    "field": (("a", "b", "c", "d", "e", "f", "1", "2"), ("", LONG, "\xff")),
    "integer": (("0", "1", "-1", "2", "5", "10", "100", "-7"), (*EDGES, *NO_NUMBERS)),
    "index": (("0", "1", "2", "3", "-1", "-2", "-3", "5", "-6", "10"), (*EDGES, *NO_NUMBERS)),
    "count": (("0", "1", "2", "3", "5", "10"), ("-1", "-2", "-5", *EDGES, *NO_NUMBERS)),
    # Nothing very negative: that many members would be answered.
    "draws": (("0", "1", "2", "3", "-1", "-2", "-5", "10"), (*NO_NUMBERS, BIG)),
    "some": (("1", "1", "2", "3", "5", "10"), ("0", "-1", *NO_NUMBERS)),
    "float": (
        ("0", "1", "-1", "1.5", "-2.25", "3", "10", "100.125", "0.1", "1e3"),
        ("inf", "-inf", "+inf", "Infinity", "nan", "1e400", "1e-400", "5e-324", "1.7976931348623157e308", "0x1p3",
         " 1", "1 ", "", "abc", "1..2", "1e", "3.0000000000000000001", "-0", "1e17", "123456789012345678", "1e-5"),
    ),
    "score": (
        ("0", "1", "2", "3", "-1", "1.5", "2", "10", "0.1"),
        ("inf", "-inf", "nan", "1e400", "abc", "", "-0", "1e17", "3.3333333333333335", "1e-7", "0x10"),
    ),
    "bound": (
        ("0", "1", "2", "-inf", "+inf", "(1", "(0", "3", "(2", "1.5"), ("inf", "(inf", "(-inf", "nan", "abc", "(", ""),
    ),
    "lex": (("-", "+", "[a", "(a", "[c", "(d", "[f"), ("[", "(", "a", "", "[" + LONG, "++")),
    "seconds": (("1000", "5000", "100000"), ("0", "-1", BIG, "9223372036854775", "9223372036854776", *NO_NUMBERS)),
    "milliseconds": (("1000000", "5000000"), ("0", "-1", BIG, "-9223372036854775808", *NO_NUMBERS)),
    "time": (("4102444800", "4102444801"), ("0", "1", "-1", BIG, "9223372036854775", "9223372036854776", "abc")),
    "time_ms": (("4102444800000", "4102444800001"), ("0", "1", "-1", BIG, "abc")),
    "pattern": (
        ("*", "a*", "s*", "*1", "?", "[a-c]", "[^a]*", "list?"),
        ("", "\\*", "[", "[a", "[]a]", "[z-a]", "**1"),
    ),
    "cursor": (("0",), ("abc", "", "18446744073709551616", "0x1")),
    "bit": (("0", "1"), ("2", "-1", "", "abc")),
    "offset": (("0", "1", "2", "5", "7", "8", "9", "20", "100"), ("-1", "4294967296", "abc", "", BIG, "100000")),
    "start": (("0", "1", "2", "5", "10", "30"), ("-1", "536870912", BIG, "abc", "", "5000")),
    "field_type": (("u8", "i8", "u1", "i64", "u63", "i5", "u16", "i32"), ("u64", "i65", "u0", "i", "x8", "8", "")),
    "field_offset": (("0", "1", "5", "8", "16", "#0", "#1", "#2"), ("-1", "#-1", "abc", "#", "", "4294967296")),
    "id": (
        ("1-1", "2-1", "3-0", "5", "5-*", "1-2", "9-9"),
        ("0-0", "0", "-", "1-", "-1", "abc", f"{BIG}-1", "1-1-1", "*"),
    ),
    "new_id": (
        ("1-1", "2-1", "3-1", "5", "5-*", "7-7", "9-9", "12-*", "20-1", "30-1", "40-0", "50-3"),
        ("0-0", "0-*", "abc", "1-", "-1-1", "18446744073709551615-18446744073709551615", "1-abc", "*-1", ""),
    ),
    "id_bound": (
        ("-", "+", "1", "2-1", "5", "(1-1", "(5", "9", "30"),
        ("(", "(+", "(-", "abc", "", "1-1-1", "18446744073709551616"),
    ),
    "group": (("g", "h", "k"), ("", "G")),
    "consumer": (("alice", "bob"), ("",)),
    "text": (("abc", "hello", "foobar", "ohmytext", "mynewtext", "1"), ("", "\0\xff", LONG, HUGE)),
    "name": (("foo", "bar", "conn1"), ("", "a b", "a\n", "\xff")),
    "database": (("0", "1", "2", "15"), ("-1", "16", "abc", "", "99999999999")),
    "metres": (("0", "1", "100", "200.5", "1000", "30000", "500000"), ("-1", "inf", "abc", "", "1e9", "20000000")),
    "unit": (("m", "km", "ft", "mi", "KM"), ("", "cm", "metre")),
    "longitude": ((), ("180", "-180", "0", "181", "-180.0001", "inf", "abc", "", "1e-300", "179.9999999")),
    "latitude": ((), ("85.05112878", "-85.05112878", "0", "90", "-85.06", "abc", "", "85", "66.5", "-80.1")),
    "cell": ((), ("inf", "-inf", "nan", "1e400", "abc", "", "-1", "1.5", "0x10")),
    "word": (("foo", "bar", "NX", "XX", "GET", "0", "LIMIT", "*"), ("", "\0")),
    "by": (("weight_*", "nosort", "hash*->a", "#", "string1"), ("*", "", "->", "*->", "a*->b->c")),
}  # fmt: skip


# Two members at one place are as far from anywhere: which of them is the nearer is undefined, and so seldom asked.
PLACES: dict[str, Callable[[Random], bytes]] = {
    "longitude": lambda random: _degrees(random, 180),
    "latitude": lambda random: _degrees(random, 85),
    "cell": lambda random: b"%d" % random.getrandbits(52),
}


def draw_word(kind: str, random: Random) -> bytes:
    """A word of this kind; an apostrophe before it: the word itself, in capitals or not."""
    if kind.startswith("'"):
        word = HEXADECIMAL.sub(lambda match: chr(int(match[1], 16)), kind[1:])
        return (word.lower() if word.isupper() and random.random() < 0.1 else word).encode("latin-1")
    if kind == LEXICAL:
        return f"{LEXICAL}{random.randint(1, 2)}".encode()
    if kind in KEYS or kind == "any":
        return _key(kind, random).encode("latin-1")
    plain, odd = WORDS[kind]
    if random.random() < ODD_SHARE:
        return random.choice(odd).encode("latin-1")
    if kind in PLACES:
        return PLACES[kind](random)
    return random.choice(plain).encode("latin-1")


def _degrees(random: Random, most: float) -> bytes:
    return f"{random.uniform(-most, most):.{random.randint(0, 6)}f}".encode()


def _key(kind: str, random: Random) -> str:
    if random.random() < 0.04:
        return random.choice(NO_KEYS)
    if kind == "any" or random.random() < WRONG_KEY_SHARE:
        return random.choice(ALL_KEYS)
    return random.choice(KEYS[kind])


def spoil(words: list[bytes], random: Random) -> list[bytes]:
    """The same command, broken: a word lost, doubled, moved or replaced."""
    words = list(words)
    place = random.randrange(1, len(words)) if len(words) > 1 else 0
    match random.randrange(5):
        case 0 if place:
            del words[place]
        case 1 if place:
            words.insert(place, words[place])
        case 2:
            words.append(draw_word("word", random))
        case 3 if place:
            words[place] = draw_word(random.choice(("integer", "word", "value", "float")), random)
        case _:
            words = words[: max(place, 1)]
    return words
