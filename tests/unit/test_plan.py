"""The supervisor's decisions, and that they end well whatever happens."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from memcluster.cluster import plan
from memcluster.cluster.plan import GiveUp, Kill, Member, Role, Start, State, Stop, View
from memcluster.cluster.settings import ClusterSettings
from memcluster.config import Seconds

SETTINGS = ClusterSettings()
PROXY = Member("proxy", Role.PROXY)
NODE = Member("node-1", Role.NODE)


def serving(member: Member, now: float = 0.0) -> Member:
    return plan.served(plan.started(member, now), now)


def test_everything_is_started_at_once() -> None:
    assert plan.decide(View((PROXY, NODE)), 0.0, SETTINGS) == [Start("proxy"), Start("node-1")]


def test_nothing_is_done_while_all_serve() -> None:
    view = View((serving(PROXY), serving(NODE)))
    assert plan.decide(view, 100.0, SETTINGS) == []
    assert plan.wake_at(view, SETTINGS) is None


def test_what_dies_is_restarted_at_once_then_ever_later() -> None:
    member, delays, now = serving(NODE), [], 0.0
    for _ in range(9):
        member = plan.ended(member, now, SETTINGS)
        delays.append(round(plan.restart_at(member, SETTINGS) - now, 3))
        member = plan.served(plan.started(member, now), now)
    assert delays == [0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_a_delay_stays_a_number_after_very_many_failures() -> None:
    member = replace(plan.ended(serving(NODE), 0.0, SETTINGS), failures=100_000)
    assert plan.restart_at(member, SETTINGS) == SETTINGS.restart_delay_max


def test_a_process_that_ran_for_long_is_forgiven() -> None:
    member = replace(serving(NODE), failures=7)
    assert plan.ended(member, SETTINGS.stable_after, SETTINGS).failures == 1
    assert plan.ended(member, SETTINGS.stable_after - 0.1, SETTINGS).failures == 8


def test_a_process_that_never_served_is_given_up() -> None:
    member = plan.ended(plan.started(NODE, 0.0), 0.5, SETTINGS)
    assert plan.decide(View((serving(PROXY), member)), 0.5, SETTINGS) == [GiveUp("node-1", "it ended before it served")]


def test_a_process_that_does_not_come_up_is_given_up_or_killed() -> None:
    late = float(SETTINGS.start_timeout)
    view = View((plan.started(NODE, 0.0),))
    assert plan.wake_at(view, SETTINGS) == late
    assert isinstance(plan.decide(view, late, SETTINGS)[0], GiveUp)
    again = View((replace(plan.started(NODE, 0.0), has_served=True),))
    assert plan.decide(again, late, SETTINGS) == [Kill("node-1")]


def test_the_proxy_is_drained_before_the_nodes() -> None:
    view = View((serving(PROXY), serving(NODE)), is_draining=True)
    assert plan.decide(view, 1.0, SETTINGS) == [Stop("proxy")]
    told = view.put(replace(view.find("proxy"), stop_sent_at=1.0))
    assert plan.decide(told, 2.0, SETTINGS) == []
    gone = told.put(plan.ended(told.find("proxy"), 2.0, SETTINGS))
    assert plan.decide(gone, 2.0, SETTINGS) == [Stop("node-1")]
    assert not gone.has_ended
    assert gone.put(plan.ended(gone.find("node-1"), 3.0, SETTINGS)).has_ended


def test_what_does_not_drain_in_time_is_killed_once() -> None:
    view = View((replace(serving(NODE), stop_sent_at=1.0),), is_draining=True)
    late = 1.0 + SETTINGS.drain_timeout
    assert plan.wake_at(view, SETTINGS) == late
    assert plan.decide(view, late, SETTINGS) == [Kill("node-1")]
    killed = view.put(replace(view.find("node-1"), kill_sent=True))
    assert plan.decide(killed, late + 1, SETTINGS) == []
    assert plan.wake_at(killed, SETTINGS) is None


def perform(view: View, actions: list[plan.Action], now: float) -> View:
    """What the supervisor does, without processes."""
    for action in actions:
        member = view.find(action.name)
        match action:
            case Start():
                assert member.state is State.ENDED, "a process is started twice"
                view = view.put(plan.started(member, now))
            case Stop():
                view = view.put(replace(member, stop_sent_at=now))
            case Kill():
                view = view.put(replace(member, kill_sent=True))
            case GiveUp():
                view = replace(view, is_draining=True)
    return view


@given(st.lists(st.tuples(st.sampled_from(["serve", "die", "pass"]), st.integers(0, 3), st.floats(0, 4)), max_size=60))
def test_whatever_happens_it_drains_in_the_end(story: list[tuple[str, int, float]]) -> None:
    settings = ClusterSettings(drain_timeout=Seconds(1))
    view, now = View((PROXY, *(replace(NODE, name=f"node-{number}") for number in range(3)))), 0.0
    for event, number, seconds in story:
        now += seconds
        view = perform(view, plan.decide(view, now, settings), now)
        member = view.members[number]
        if event == "serve" and member.state is State.STARTING:
            view = view.put(plan.served(member, now))
        elif event == "die" and member.state is not State.ENDED:
            view = view.put(plan.ended(member, now, settings))
    view = replace(view, is_draining=True)
    for _ in range(10):
        view = perform(view, plan.decide(view, now, settings), now)
        for member in view.members:
            if member.kill_sent and member.state is not State.ENDED:
                view = view.put(plan.ended(member, now, settings))
        now = plan.wake_at(view, settings) or now
    assert view.has_ended


@given(st.integers(0, 200), st.floats(0, 1000))
def test_there_is_always_a_next_moment_for_what_has_ended(failures: int, now: float) -> None:
    member = replace(NODE, failures=failures, has_served=True, since=now)
    view = View((member,))
    wake = plan.wake_at(view, SETTINGS)
    assert wake is not None
    assert now <= wake <= now + SETTINGS.restart_delay_max
    assert plan.decide(view, wake, SETTINGS) == [Start("node-1")]
