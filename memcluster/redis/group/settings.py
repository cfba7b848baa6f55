"""What a replication group can be told: a row a setting, and the rule that its times must keep among them."""

from __future__ import annotations

from typing import Annotated

from memcluster.config import Flag, Meta, Seconds, Settings, Size
from memcluster.errors import ConfigError
from memcluster.redis.group.state import replicas_needed

CLOCK_DRIFT = 0.02
"""Two clocks of which one shows this share less than the other are no danger; the lease's margin must cover it."""


class GroupSettings(Settings, frozen=True):
    """A section [group.NAME]."""

    replicas: Annotated[int, Flag(help="replicas beside the primary"), Meta(ge=0, le=15)] = 1
    zones: Annotated[tuple[str, ...], Flag(help="zones over which the nodes are spread, in turn")] = ()
    durability: Annotated[
        str, Flag(help="when a write is acknowledged: async, bounded:MILLISECONDS or sync:REPLICAS")
    ] = "async"
    lag_max: Annotated[
        Size, Flag(help="a failover that would lose more than this waits for an operator (not with sync)")
    ] = Size(64 << 20)
    lease_ttl: Annotated[
        Seconds, Flag(help="how long the primary serves when nobody renews its lease, and others wait for it")
    ] = Seconds(2.5)
    lease_renew: Annotated[Seconds, Flag(help="how often the lease is renewed")] = Seconds(0.5)
    lease_margin: Annotated[Seconds, Flag(help="how much earlier the primary stops than others take over")] = Seconds(
        0.3
    )
    probe: Annotated[Seconds, Flag(help="how often nodes are asked how they are, and how long for an answer")] = (
        Seconds(0.2)
    )
    patience: Annotated[
        Seconds, Flag(help="how long a replica may not answer, or not follow, before it leaves the in-sync set")
    ] = Seconds(1)
    pause_max: Annotated[Seconds, Flag(help="how long a switchover may hold writes")] = Seconds(0.3)
    request_timeout: Annotated[Seconds, Flag(help="how long a failover or switchover may wait for a candidate")] = (
        Seconds(15)
    )


def check(settings: GroupSettings, where: str) -> GroupSettings:
    """The settings if they can be kept; ConfigError says which cannot, and what would."""
    ttl, renew, margin, probe = settings.lease_ttl, settings.lease_renew, settings.lease_margin, settings.probe
    if margin < 2 * CLOCK_DRIFT * ttl:
        least = Seconds(round(2 * CLOCK_DRIFT * ttl, 3))
        raise ConfigError(f"{where}: lease_margin {margin}: clocks drift: take {least} or more for a lease of {ttl}")
    if ttl < 3 * renew + margin + probe:
        least = Seconds(round(3 * renew + margin + probe, 3))
        raise ConfigError(
            f"{where}: lease_ttl {ttl}: two lost renewals must not end it: take {least} or more "
            f"(3 * lease_renew + lease_margin + probe), or renew more often than every {renew}"
        )
    if not 0 < probe <= renew:
        raise ConfigError(f"{where}: probe {probe}: nodes are asked before each renewal: take {renew} or less, not 0")
    if settings.patience < 2 * probe:
        raise ConfigError(f"{where}: patience {settings.patience}: one lost probe is no failure: take {2 * probe:g}s")
    try:
        k = replicas_needed(settings.durability)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
    if k > settings.replicas:
        raise ConfigError(
            f"{where}: durability {settings.durability}: there are {settings.replicas} replicas: no write would ever "
            f"be acknowledged: set replicas to {k} or more"
        )
    return settings
