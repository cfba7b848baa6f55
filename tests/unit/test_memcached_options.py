"""Every option that memcached knows has an answer here: served, ignored with a reason, or refused with one."""

import click
import pytest

from memcluster.cli.node import command
from memcluster.errors import ConfigError
from memcluster.node.memcached_options import OPTIONS, SUBOPTIONS, Verdict, find_suboption, judge, judge_extended

# memcached 1.6.45: what `memcached -h` lists.
SHORT = "p U s a A l d r u m M c k v h i V P f n L D t R C b B I S F X W Y e Z o N"
LONG = """
port udp-port unix-socket unix-mask enable-shutdown listen daemon enable-coredumps user memory-limit disable-evictions
conn-limit lock-memory verbose help license version pidfile slab-growth-factor slab-min-size enable-largepages threads
max-reqs-per-event disable-cas listen-backlog protocol max-item-size enable-sasl disable-flush-all disable-dumping
disable-watch auth-file memory-file enable-ssl extended napi_ids
"""
EXTENDED = """
maxconns_fast hashpower tail_repair_time hash_algorithm no_lru_crawler lru_crawler lru_crawler_sleep
lru_crawler_tocrawl read_buf_mem_limit no_lru_maintainer lru_maintainer hot_lru_pct warm_lru_pct hot_max_factor
warm_max_factor temporary_ttl idle_timeout slab_chunk_max watcher_logbuf_size worker_logbuf_size track_sizes
no_hashexpand modern no_modern sock_cookie_id ext_path ext_page_size ext_wbuf_size ext_threads ext_item_size
ext_item_age ext_low_ttl ext_drop_unread ext_recache_rate ext_compact_under ext_drop_under ext_max_frag ext_max_sleep
slab_automove_freeratio proxy_config proxy_arg ssl_chain_cert ssl_key ssl_keyformat ssl_verify_mode ssl_ciphers
ssl_ca_cert ssl_wbuf_size ssl_session_cache ssl_kernel_tls ssl_min_version slab_reassign slab_automove
slab_automove_ratio slab_automove_window slab_sizes no_slab_reassign no_slab_automove no_maxconns_fast drop_privileges
no_drop_privileges inline_ascii_resp no_inline_ascii_resp resp_obj_mem_limit no_ext_drop_unread
"""


def known_names() -> set[str]:
    context = click.Context(command, help_option_names=["-h", "--help"])
    return {name for parameter in command.get_params(context) for name in parameter.opts}


@pytest.mark.parametrize("letter", SHORT.split())
def test_every_short_option_is_known(letter: str) -> None:
    assert f"-{letter}" in known_names()


@pytest.mark.parametrize("name", LONG.split())
def test_every_long_option_is_known(name: str) -> None:
    assert f"--{name}" in known_names()


@pytest.mark.parametrize("name", EXTENDED.split())
def test_every_extended_option_is_known(name: str) -> None:
    assert find_suboption(name) is not None


def test_no_extended_option_stands_in_two_rows() -> None:
    names = [name for option in SUBOPTIONS for name in option.names]
    assert len(names) == len(set(names))


def options_by_letter(letter: str) -> object:
    return next(option for option in OPTIONS if letter in option.names)


@pytest.mark.parametrize(
    ("letter", "argument", "complaint"),
    [
        ("-U", "11211", "-U 11211 is refused: UDP is not served: leave it out, or -U 0"),
        ("-B", "binary", "-B binary is refused: the binary protocol is not served: clients must speak text or meta"),
        ("-Y", "/etc/users", "-Y /etc/users is refused: users and passwords are not served: anyone could connect"),
        ("-S", None, "-S is refused: SASL belongs to the binary protocol, which is not served"),
        ("-D", "/", "-D / is refused: statistics by prefix know ':' only"),
    ],
)
def test_what_would_be_a_lie_is_refused(letter: str, argument: str | None, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        judge([(options_by_letter(letter), argument)])  # type: ignore[list-item]
    assert str(caught.value) == complaint


def test_what_does_not_matter_is_ignored_with_one_warning() -> None:
    outcome = judge([(options_by_letter("-f"), "1.05"), (options_by_letter("-C"), None)])  # type: ignore[list-item]
    assert outcome.warnings == [
        "-f 1.05 is ignored: memory is a log of segments, it has no slab classes",
        "-C is ignored: CAS stays on: it takes no memory from items here",
    ]
    assert not outcome.changes


def test_arguments_that_change_nothing_say_nothing() -> None:
    given = [(options_by_letter("-U"), "0"), (options_by_letter("-B"), "ascii"), (options_by_letter("-D"), ":")]
    outcome = judge(given)  # type: ignore[arg-type]
    assert not outcome.warnings
    assert outcome.changes == {"detail": True}


def test_extended_options() -> None:
    outcome = judge_extended("modern,idle_timeout=60,hashpower=20,,track_sizes,resp_obj_mem_limit=100")
    assert outcome.changes == {"idle_timeout": 60.0, "clients_memory": 100 << 20}
    assert outcome.warnings == ["-o hashpower=20 is ignored: the index has the size that the memory limit asks for"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("ext_path=/mnt:1G", "items live in memory only"),
        ("ssl_key=a", "TLS is not served"),
        ("proxy_config=routelib", "memcluster proxy --help"),
        ("nonsense", "-o nonsense: memcached knows no such option"),
        ("resp_obj_mem_limit=much", "resp_obj_mem_limit=much: write whole megabytes"),
        ("idle_timeout=soon", "idle_timeout=soon: write whole seconds"),
    ],
)
def test_extended_options_that_are_refused(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        judge_extended(text)


def test_every_row_says_why() -> None:
    for option in (*OPTIONS, *SUBOPTIONS):
        assert option.why
        assert option.verdict in Verdict
