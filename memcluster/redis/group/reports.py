"""What is remembered of nodes, and which nodes the group needs no longer. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from memcluster.redis.group.state import Report
from memcluster.redis.group.view import Record, Retire

if TYPE_CHECKING:
    from memcluster.redis.group.state import GroupState
    from memcluster.redis.group.view import Action, NodeView, View

SECONDS_BETWEEN = 2.0
"""Offsets alone are written no more often: what a failover may rely on stands elsewhere."""


def changed_reports(view: View, state: GroupState, now: float) -> list[Action]:
    """Writes down what nodes said last, if it is news; a tail that a deposed primary set aside is an event."""
    reports = {node.name: _report(node, state) for node in view.nodes}
    present = {name: report for name, report in reports.items() if report}
    if present == state.reports or not (_is_news(present, state) or now >= view.reported_at + SECONDS_BETWEEN):
        return []
    for name, report in present.items():
        before = state.reports.get(name)
        known_bytes = before.lost_bytes if before and before.run_id == report.run_id else 0
        if report.lost_bytes > known_bytes:
            lost = report.lost_bytes - known_bytes
            sentence = f"{name} had written {lost} bytes that the primary does not have: they are set aside in its dir"
            return [Record({"reports": present}, event="lost", node=name, sentence=sentence)]
    return [Record({"reports": present})]


def leaving(view: View, state: GroupState) -> list[Action]:
    """Lets go of the nodes that are to leave and on which nothing depends any more."""
    needed = {state.leader.node, *state.sync.members, *state.sync.counted}
    gone = [node.name for node in view.nodes if node.config.is_leaving and node.name not in needed]
    if not gone:
        return []
    config = replace(state.config, nodes=tuple(node for node in state.config.nodes if node.name not in gone))
    sentence = f"{', '.join(gone)} left the group"
    return [Record({"config": config}, event="left", node=gone[0], sentence=sentence), *(Retire(name) for name in gone)]


def _report(node: NodeView, state: GroupState) -> Report | None:
    status = node.status
    if status is None:
        return state.reports.get(node.name)
    return Report(status.role, status.epoch, status.log_epoch, status.offset, status.run_id, status.lost_bytes)


def _is_news(reports: dict[str, Report], state: GroupState) -> bool:
    """Whether more than an offset has changed."""
    return {name: replace(report, offset=0) for name, report in reports.items()} != {
        name: replace(report, offset=0) for name, report in state.reports.items()
    }
