"""What a group is told about its snapshots: a row a setting."""

from __future__ import annotations

from typing import Annotated

from memcluster.config import Flag, Meta, Seconds, Settings
from memcluster.redis.backup.schedule import Schedule


class SnapshotSettings(Settings, frozen=True):
    """The section [group.NAME.snapshots]."""

    target: Annotated[
        str,
        Flag("--target", help="where snapshots lie: a directory, or a URL that fsspec knows (s3://…)", metavar="WHERE"),
    ] = "snapshots"
    schedule: Annotated[
        Schedule,
        Flag(
            "--schedule",
            help="when one is taken, UTC: `daily 03:00`, `daily 03:00-05:00` (only then), `every 6h`, `never`",
            metavar="WHEN",
        ),
    ] = Schedule.parse("never")
    retention_days: Annotated[
        int,
        Flag("--retention-days", help="days that scheduled ones are kept; 0: none is taken", metavar="DAYS"),
        Meta(ge=0, le=35),
    ] = 7
    retention_count: Annotated[
        int,
        Flag("--retention-count", help="scheduled ones that are kept; 0: as many as the days allow", metavar="NUM"),
        Meta(ge=0, le=10_000),
    ] = 0
    manual_max: Annotated[
        int,
        Flag("--manual-max", help="manual ones that a group may have", metavar="NUM"),
        Meta(ge=1, le=10_000),
    ] = 20
    timeout: Annotated[
        Seconds, Flag("--timeout", help="how long taking one may last, with its verification", metavar="TIME")
    ] = Seconds(3600)
    retry_delay: Annotated[
        Seconds, Flag("--retry-delay", help="wait after a scheduled one that failed", metavar="TIME")
    ] = Seconds(600)
