"""What `decide` says in each situation; nothing is mocked, there is nothing to mock."""

from dataclasses import replace

import pytest

from memcluster.proxy import health
from memcluster.proxy.health import BringUp, Eject, Flush, NodeView, Pace, Probe, Step, Sweep, TakeDown, decide

UP = NodeView("a")
DOWN = NodeView("a", is_up=False, due=10.0)
EJECTING = replace(DOWN, ejects=True)
OUT = replace(EJECTING, is_out=True)
OTHER = NodeView("b", ejects=True)
PACE = Pace(interval=1, interval_max=8, probes_needed=2)

SITUATIONS = {
    "up": ([UP], 20, []),
    "down, not due": ([DOWN], 9, []),
    "down, due": ([DOWN], 10, [Probe]),
    "being probed": ([replace(DOWN, step=Step.PROBING)], 20, []),
    "answered": ([replace(DOWN, step=Step.ANSWERED)], 20, [BringUp]),
    "down in a pool that ejects": ([EJECTING], 9, [Eject]),
    "down in a pool that ejects, due": ([EJECTING], 10, [Eject, Probe]),
    "out, answered": ([replace(OUT, step=Step.ANSWERED)], 20, [Flush]),
    "back before it was out: writes were refused, but others may have been out": (
        [replace(EJECTING, step=Step.ANSWERED)],
        20,
        [Eject, Flush],
    ),
    "out, being flushed": ([replace(OUT, step=Step.FLUSHING)], 20, []),
    "out, flushed": ([replace(OUT, step=Step.CLEAN)], 20, [BringUp]),
    "another holds strays": ([EJECTING, replace(OTHER, strays=1)], 9, [Sweep]),
    "another is being swept": ([EJECTING, replace(OTHER, strays=1, sweeping=1)], 9, []),
    "another holds strays and is down itself": (
        [OUT, replace(OTHER, strays=1, is_up=False, is_out=True, due=99)],
        9,
        [],
    ),
    "a node cannot be swept": ([replace(OTHER, strays=1, sweeps_failed=health.SWEEPS_MAX)], 9, [TakeDown]),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_decide(situation):
    view, now, wanted = SITUATIONS[situation]
    assert [type(action) for action in decide(tuple(view), now)] == wanted


def test_the_pause_between_probes_doubles_up_to_its_limit():
    node = health.went_down(UP, 100.0, PACE, jitter=1.0)
    dues = []
    for _ in range(5):
        dues.append(node.due)
        node = health.failed(node, 100.0, PACE, jitter=1.0)
    assert dues == [101, 102, 104, 108, 108]


def test_jitter_halves_the_pause_at_most():
    assert health.went_down(UP, 100.0, PACE, jitter=0.0).due == 100.5


def test_it_takes_several_answers_an_interval_apart():
    node = health.begun(health.went_down(UP, 0.0, PACE, 0.0), Probe("a", ""))
    node = health.succeeded(node, 5.0, PACE)
    assert (node.step, node.due) == (Step.WAITING, 6.0)
    node = health.succeeded(health.begun(node, Probe("a", "")), 6.0, PACE)
    assert node.step is Step.ANSWERED


def test_a_failure_in_between_starts_over():
    node = health.succeeded(health.begun(DOWN, Probe("a", "")), 5.0, PACE)
    assert health.failed(node, 6.0, PACE, 0.0).answers == 0


def test_a_flapping_node_is_probed_less_and_less():
    node = UP
    dues = []
    for time in (100.0, 110.0, 120.0):
        node = health.went_down(node, time, PACE, jitter=1.0)
        dues.append(node.due - time)
        node = health.brought_up(node, time + 5)
    assert dues == [1, 2, 4]
    assert health.went_down(node, 1000.0, PACE, jitter=1.0).due == 1001


def test_what_comes_during_a_sweep_is_swept_again():
    node = health.has_heired(OTHER)
    node = health.has_heired(health.begun(node, Sweep("b", "")))
    assert health.swept(node).strays == 1
    assert health.brought_up(replace(node, step=Step.CLEAN), 1.0).strays == 0
