"""The keys that placements are compared on: always the same ones, every byte that a key may have among them."""

import random
from collections.abc import Callable

COUNT = 100_000
TEXT = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_-./|%"
BYTES = bytes(byte for byte in range(0x21, 0x100) if byte != 0x7F)


def ascii_keys(count: int = COUNT) -> list[bytes]:
    """Half counted, as applications name them; half of random text, of every length."""
    return _keys(count, lambda source, length: "".join(source.choices(TEXT, k=length)).encode())


def byte_keys(count: int = COUNT) -> list[bytes]:
    """The same with bytes of 0x80 and above, in no encoding."""
    return _keys(count, lambda source, length: bytes(source.choices(BYTES, k=length)))


def unicode_keys(count: int = COUNT) -> list[bytes]:
    """The same in UTF-8, for libraries that take text."""
    letters = TEXT + "äöüßéñ漢字キー🙂"
    return _keys(count, lambda source, length: "".join(source.choices(letters, k=max(1, length // 4))).encode())


def _keys(count: int, text: Callable[[random.Random, int], bytes]) -> list[bytes]:
    source = random.Random(20)
    counted = [b"user:%d" % number for number in range(count // 2)]
    return counted + [
        text(source, source.randint(1, 250 if number % 50 == 0 else 24)) for number in range(count - len(counted))
    ]
