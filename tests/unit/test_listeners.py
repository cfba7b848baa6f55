"""What -l may say."""

import pytest

from memcluster.errors import ConfigError
from memcluster.node.listeners import advice, resolve


@pytest.mark.parametrize(
    ("listen", "expected"),
    [
        (["127.0.0.1"], ["127.0.0.1:11211"]),
        (["127.0.0.1", "127.0.0.2:5"], ["127.0.0.1:11211", "127.0.0.2:5"]),
        (["127.0.0.1:0"], ["127.0.0.1:0"]),
        (["127.0.0.1", "127.0.0.1:11211"], ["127.0.0.1:11211"]),
        (["*"], ["0.0.0.0:11211"]),
        ([":5"], ["0.0.0.0:5"]),
        (["[::1]:5"], ["[::1]:5"]),
        (["::1"], ["[::1]:11211"]),
        (["[::1]"], ["[::1]:11211"]),
        (["proto[ascii]:tag[services]:127.0.0.1:5"], ["127.0.0.1:5"]),
        (["notls:proto[ascii]:tag_tools_:127.0.0.1:5"], ["127.0.0.1:5"]),
    ],
)
def test_addresses(listen: list[str], expected: list[str]) -> None:
    assert resolve(listen, 11211) == expected


def test_a_host_name_is_looked_up() -> None:
    assert "127.0.0.1:5" in resolve(["localhost:5"], 11211)


@pytest.mark.parametrize(
    ("listen", "complaint"),
    [
        ("proto[binary]:127.0.0.1:5", "the binary protocol is not served: use proto"),
        ("mtls:127.0.0.1:5", "TLS is not served"),
        ("127.0.0.1:70000", "port 70000 is above 65535"),
        ("127.0.0.1:x", r"write HOST, HOST:PORT or \[IPV6\]:PORT"),
        ("no-such-host.invalid", "no address of 'no-such-host.invalid' is known"),
    ],
)
def test_what_cannot_be_listened_on(listen: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        resolve([listen], 11211)


@pytest.mark.parametrize(
    ("error", "advised"),
    [
        ("cannot listen on 127.0.0.1:80: Permission denied", "ports below 1024 are root's; give another with -p"),
        ("cannot listen on /run/a: Permission denied (os error 13)", "that folder is not yours; give another with -s"),
        (
            "cannot listen on /run/a: Address already in use",
            "another server has it; stop that, or give another with -s",
        ),
        (
            "cannot listen on [::1]:1: Address already in use",
            "another server has it; stop that, or give another with -p",
        ),
        ("cannot listen on 10.9.9.9:1: Cannot assign", "that address is not one of this host's; give another with -l"),
        ("cannot listen on /no/a: No such file", "make the socket's folder first, or name another with -s"),
    ],
)
def test_what_to_do_about_a_place_that_cannot_be_bound(error: str, advised: str) -> None:
    assert advice(OSError(error), port="-p", address="-l", unix_socket="-s") == f": {advised}"
