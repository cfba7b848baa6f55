"""RESP's asking side: every reply is read however it arrives, and what is no RESP is said to be none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcluster.redis import resp
from memcluster.redis.resp import MalformedReplyError, Refusal

SCALARS = {
    type(None): lambda _: b"_\r\n",
    bool: lambda reply: b"#t\r\n" if reply else b"#f\r\n",
    int: lambda reply: b":%d\r\n" % reply,
    float: lambda reply: b",%r\r\n" % reply,
    bytes: lambda reply: b"$%d\r\n%b\r\n" % (len(reply), reply),
}
scalars = st.one_of(
    st.none(), st.integers(-(2**63), 2**63 - 1), st.binary(max_size=20), st.booleans(), st.floats(allow_nan=False)
)
replies = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.binary(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def written(reply: resp.Reply) -> bytes:
    match reply:
        case list():
            return b"*%d\r\n" % len(reply) + b"".join(map(written, reply))
        case dict():
            pairs = (written(name) + written(value) for name, value in reply.items())
            return b"%%%d\r\n" % len(reply) + b"".join(pairs)
    return SCALARS[type(reply)](reply)


@given(replies, st.binary(max_size=10))
def test_what_is_written_is_read_and_nothing_behind_it(reply: resp.Reply, behind: bytes) -> None:
    encoded = written(reply)
    assert resp.read(encoded + behind) == (reply, len(encoded))


@given(replies)
def test_every_part_of_a_reply_is_not_yet_one(reply: resp.Reply) -> None:
    encoded = written(reply)
    assert all(resp.read(encoded[:cut]) is None for cut in range(len(encoded)))


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(received: bytes) -> None:
    try:
        found = resp.read(received)
    except MalformedReplyError:
        return
    assert found is None or 0 < found[1] <= len(received)


@pytest.mark.parametrize(
    ("received", "reply"),
    [
        (b"+OK\r\n", "OK"),
        (b"-READONLY no\r\n", Refusal("READONLY no")),
        (b"!7\r\nERR no!\r\n", Refusal("ERR no!")),
        (b"$-1\r\n", None),
        (b"*-1\r\n", None),
        (b"=6\r\ntxt:ab\r\n", b"ab"),
        (b"(12345678901234567890123\r\n", 12345678901234567890123),
        (b"|1\r\n+a\r\n+b\r\n:1\r\n", 1),
        (b"~2\r\n:1\r\n:2\r\n", [1, 2]),
    ],
)
def test_each_kind(received: bytes, reply: resp.Reply) -> None:
    assert resp.read(received) == (reply, len(received))


@pytest.mark.parametrize("received", [b"HTTP/1.1\r\n", b":x\r\n", b"$99999999999\r\n", b"*1\r\n" * 20, b"\r\n"])
def test_what_is_no_reply(received: bytes) -> None:
    with pytest.raises(MalformedReplyError):
        resp.read(received)


def test_a_claim_of_a_billion_parts_allocates_none() -> None:
    assert resp.read(b"*1000000000\r\n:1\r\n") is None


def test_maps_of_both_versions() -> None:
    assert resp.mapping([b"role", b"primary", b"epoch", 3]) == {"role": b"primary", "epoch": 3}
    assert resp.mapping({b"role": "primary"}) == {"role": "primary"}
    with pytest.raises(MalformedReplyError):
        resp.mapping([b"role"])
    with pytest.raises(MalformedReplyError):
        resp.mapping(Refusal("ERR unknown command"))


def test_a_request() -> None:
    assert resp.encode("SET", b"a\xff", 1) == b"*3\r\n$3\r\nSET\r\n$2\r\na\xff\r\n$1\r\n1\r\n"
