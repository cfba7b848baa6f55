"""Manifests as tests of backups make them, and hypothesis's strategies of them."""

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import strategies as st

from memcluster.redis.backup.manifest import Kind, Manifest, State, begun

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)

moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 4, 1), timezones=st.just(UTC))  # noqa: DTZ001


def snapshot(
    name: str,
    created: datetime = NOON,
    kind: Kind = Kind.SCHEDULED,
    state: State = State.COMPLETE,
    group: str = "g",
) -> Manifest:
    return msgspec.structs.replace(begun(name, group, kind, created, 60.0), state=state)


@st.composite
def snapshots(draw: st.DrawFn, among: tuple[Kind, ...] = tuple(Kind)) -> tuple[Manifest, ...]:
    """Some, of different times, kinds and states."""
    kinds = st.sampled_from(among)
    times = draw(st.lists(moments, max_size=12, unique=True))
    return tuple(
        snapshot(f"s{number}", created, draw(kinds), draw(st.sampled_from(State)))
        for number, created in enumerate(times)
    )


def days(count: float) -> timedelta:
    return timedelta(days=count)
