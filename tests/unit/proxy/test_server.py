"""Servers as people write them."""

import pytest

from memcluster.errors import ConfigError
from memcluster.proxy.server import Server, parse

WRITTEN = {
    "10.0.0.1": Server("10.0.0.1", 11211),
    "cache.example.org:11212": Server("cache.example.org", 11212),
    "10.0.0.1:11211:3": Server("10.0.0.1", 11211, 3),
    "10.0.0.1:11211:3 alpha": Server("10.0.0.1", 11211, 3, "alpha"),
    "[::1]:11212:2": Server("::1", 11212, 2),
    "/run/cache.sock": Server("/run/cache.sock", 0),
    "/run/cache.sock:5 beta": Server("/run/cache.sock", 0, 5, "beta"),
}
WRONG = {
    "": "write HOST:PORT",
    "a:b": "'b' is not a number",
    "a:1:2:3": "write HOST:PORT",
    "a:0": "port 0 is not between",
    "a:70000": "port 70000 is not between",
    "a:1:0": "weight 0 is not between",
    "/run/cache.sock:1:1": "write HOST:PORT",
    "::1": "write HOST:PORT",
}
ADDRESSES = {"[::1]:11212": "[::1]:11212", "/run/a.sock:2": "/run/a.sock", "a:1 name": "a:1", "a": "a:11211"}


@pytest.mark.parametrize("text", WRITTEN)
def test_a_server_is_read(text):
    assert parse(text) == WRITTEN[text]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_said(text):
    with pytest.raises(ConfigError, match=WRONG[text]):
        parse(text)


@pytest.mark.parametrize("text", ADDRESSES)
def test_the_address_is_where_to_connect(text):
    assert parse(text).address == ADDRESSES[text]
