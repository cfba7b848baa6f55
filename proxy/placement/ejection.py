"""A rule without the servers that are out, such that no key moves between two servers that are in.

twemproxy shares out points anew on ejection, which can move keys between live servers and so bring back what one of
them held before. Here a ring loses the dead servers' points; a slot or a jump bucket of a dead server is given to a
live one.
"""

from __future__ import annotations

from itertools import cycle
from typing import cast

from memcluster.proxy.placement.rules import Continuum, Jump, Modula, Random, Rendezvous, Rule


def without(rule: Rule, servers: int, dead: frozenset[int]) -> tuple[list[int], Rule]:
    """The servers that are left, by their old index, and the rule that speaks of them by their new one.

    With nobody left the rule stays whole: then every key's node is down, and says so.
    """
    live = [index for index in range(servers) if index not in dead]
    if not live or not dead:
        return list(range(servers)), rule
    if isinstance(rule, Jump):
        return list(_reassigned(range(servers), live)), rule
    place = {index: number for number, index in enumerate(live)}
    return live, _renumbered(rule, place, live)


def _renumbered(rule: Rule, place: dict[int, int], live: list[int]) -> Rule:
    match rule:
        case Continuum():
            left = tuple((point, place[index]) for point, index in rule.points if index in place)
            return Continuum(rule.hash, rule.match, left)
        case Modula():
            return Modula(rule.hash, tuple(place[index] for index in _reassigned(rule.slots, live)))
        case Rendezvous():
            return Rendezvous(tuple(rule.names[index] for index in live))
        case _:
            slots = cast(Random, rule).slots
            return Random(tuple(place[index] for index in slots if index in place))


def _reassigned(slots: range | tuple[int, ...], live: list[int]) -> tuple[int, ...]:
    heirs = cycle(live)
    return tuple(index if index in live else next(heirs) for index in slots)
