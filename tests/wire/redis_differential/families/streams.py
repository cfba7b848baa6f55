"""Streams, with consumer groups; XADD * is left out, since no two servers give the same identifier."""

from collections.abc import Iterable, Sequence

from tests.wire.redis_differential.row import Order, Row

CREATE = (b"XGROUP", b"CREATECONSUMER")


def consumer_of_reading(words: Sequence[bytes]) -> Iterable[Sequence[bytes]]:
    """The consumer that XREADGROUP names, in each of its streams: to ask and get nothing makes one since Redis 7.2."""
    options = [word.upper() for word in words]
    if b"STREAMS" in options and options[1:2] == [b"GROUP"] and len(words) > 3:
        behind = words[options.index(b"STREAMS") + 1 :]
        for key in behind[: len(behind) // 2]:
            yield (*CREATE, key, words[2], words[3])


def consumer_of_claiming(words: Sequence[bytes]) -> Iterable[Sequence[bytes]]:
    """The same of XCLAIM and XAUTOCLAIM."""
    if len(words) > 3:
        yield (*CREATE, *words[1:4])


STREAMS: tuple[Row, ...] = (
    Row("XADD stream new_id (field value)...", weight=8),
    Row("XADD stream [NOMKSTREAM] [MAXLEN [=] count|MINID [=] id] new_id (field value)...", weight=4),
    Row("XADD stream MAXLEN ~ count [LIMIT count] new_id field value", weight=1),
    Row("XLEN stream"),
    Row("XRANGE stream id_bound id_bound [COUNT count]", weight=4),
    Row("XRANGE stream - +", weight=3),
    Row("XREVRANGE stream id_bound id_bound [COUNT count]"),
    Row("XREVRANGE stream + -"),
    Row("XDEL stream id...", weight=3),
    Row("XTRIM stream (MAXLEN|MINID) [=] count", weight=2),
    Row("XTRIM stream (MAXLEN|MINID) [~] count [LIMIT count]", weight=1),
    Row("XREAD [COUNT count] STREAMS stream id"),
    Row("XREAD [COUNT count] STREAMS stream stream id id"),
    Row("XREAD [COUNT count] BLOCK 5 STREAMS stream (id|$)", weight=1),
    Row("XGROUP CREATE stream group (id|$) [MKSTREAM] [ENTRIESREAD count]", weight=4),
    Row("XGROUP CREATECONSUMER stream group consumer"),
    Row("XGROUP DELCONSUMER stream group consumer", weight=1),
    Row("XGROUP DESTROY stream group", weight=1),
    Row("XGROUP SETID stream group (id|$) [ENTRIESREAD count]"),
    Row(
        "XREADGROUP GROUP group consumer [COUNT count] [NOACK] STREAMS stream (id|>|>)",
        weight=5,
        before=consumer_of_reading,
    ),
    Row(
        "XREADGROUP GROUP group consumer [COUNT count] STREAMS stream stream > id", weight=1, before=consumer_of_reading
    ),
    Row("XACK stream group id...", weight=2),
    Row("XPENDING stream group", weight=2),
    Row("XPENDING stream group [IDLE count] id_bound id_bound count [consumer]", order=Order.CLOCK),
    Row(
        "XCLAIM stream group consumer count id... [IDLE integer|TIME time_ms] [RETRYCOUNT count] [FORCE] [JUSTID]",
        before=consumer_of_claiming,
    ),
    Row("XAUTOCLAIM stream group consumer count id [COUNT count] [JUSTID]", before=consumer_of_claiming),
    Row("XINFO STREAM stream"),
    Row("XINFO STREAM stream FULL [COUNT count]", order=Order.RANDOM),
    Row("XINFO GROUPS stream"),
    Row("XINFO CONSUMERS stream group", order=Order.RANDOM),
    Row("XINFO (STREAM|GROUPS|CONSUMERS|NOSUCH) any", weight=1, order=Order.RANDOM),
    Row("XSETID stream id [ENTRIESADDED count] [MAXDELETEDID id]", weight=1),
    Row("OBJECT ENCODING stream", weight=1),
    Row("DEL stream", weight=1),
)
