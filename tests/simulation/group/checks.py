"""What must hold, whatever happens; asked at every step that could break it.

`known` is the longest log that was ever confirmed: in sync(k) a client can have seen nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memcluster.redis.group.state import Leader, Sync
    from tests.simulation.group.node import Entry, Held, Node
    from tests.simulation.group.world import World


class Broken(AssertionError):  # noqa: N818
    """An invariant does not hold."""


class Checks:
    """The invariants, and what they remember."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.known: list[Entry] = []
        self.writers: dict[int, str] = {}
        self.highest_epoch = 0
        self.early: list[tuple[Entry, int]] = []
        self.acknowledged = 0
        self.losses = 0

    # --- one writer an epoch

    def wrote(self, node: Node) -> None:
        who = f"{node.name}.{node.run}"
        if self.writers.setdefault(node.seen, who) != who:
            raise Broken(f"{who} and {self.writers[node.seen]} both accept writes in epoch {node.seen}")

    # --- nothing confirmed is lost while anybody has it

    def confirmed(self, node: Node, offset: int) -> None:
        if not self._counts():
            return
        known, log = self.known, node.log
        shorter = min(len(known), offset)
        if shorter and known[shorter - 1] != log[shorter - 1]:
            raise Broken(f"{node.name} confirms another history: {log[shorter - 1]} where {known[shorter - 1]} was")
        if offset > len(known):
            known += log[len(known) : offset]
            self.law()

    def named(self, node: Node, epoch: int) -> None:
        """A new primary has all that is known, unless no node has it any more."""
        self._look_at_bound(node)
        known, log = self.known, node.log
        if self.has(node, len(known)):
            return
        held = min(len(known), len(log))
        while held and known[held - 1] != log[held - 1]:
            held -= 1
        if not self.world.accepted_loss:
            names = [config.name for config in self.world.config.nodes]
            has_more = [name for name in names if self.has(self.world.nodes[name], held + 1)]
            if has_more:
                raise Broken(
                    f"{node.name} leads epoch {epoch} with {held} of {len(known)} confirmed entries; "
                    f"{', '.join(has_more)} has more"
                )
        self.losses += 1
        del known[held:]

    def promoted(self, node: Node, epoch: int) -> None:
        if self.world.store.leaders.get(epoch) != f"{node.name}.{node.run}":
            raise Broken(f"{node.name} becomes primary of epoch {epoch} of {self.world.store.leaders.get(epoch)}")
        self.early.clear()
        self.named(node, epoch)

    def _look_at_bound(self, node: Node) -> None:
        """What was acknowledged before it was confirmed and is lost now, is of a short time only."""
        sync = self.world.store.sync
        if self.early and sync and not self.world.accepted_loss and not self.losses:
            lost = [entry[2] for entry, at in self.early if len(node.log) < at or node.log[at - 1] != entry]
            if lost and max(lost) - min(lost) > self.world.bound * 1.1:
                raise Broken(f"{len(lost)} acknowledged writes of {max(lost) - min(lost):.2f} s are lost")

    def has(self, node: Node, count: int) -> bool:
        """Whether it holds the first so many of the known entries."""
        return count == 0 or (len(node.log) >= count and node.log[count - 1] == self.known[count - 1])

    # --- nobody reads what is older than what was acknowledged

    def read(self, node: Node, known: int) -> None:
        if self._counts() and not self.has(node, min(known, len(self.known))):
            raise Broken(f"{node.name} (epoch {node.seen}) answers a read with less than was confirmed before")

    def released(self, node: Node, held: Held) -> None:
        if self._counts() and node.durability.startswith("sync") and held.offset > len(self.known):
            raise Broken(f"{node.name} acknowledges offset {held.offset}: only {len(self.known)} are confirmed")
        self.acknowledged += 1

    def answered_early(self, node: Node) -> None:
        self.acknowledged += 1
        if node.durability.startswith("bounded") and self._counts():
            self.early.append((node.log[-1], len(node.log)))

    def _counts(self) -> bool:
        """Whether the group promises anything: not while nobody waits for replicas."""
        return self.world.store.sync is not None and self.world.store.sync.k > 0

    # --- the in-sync set's law

    def law(self) -> None:
        """Between what the store lists and what the primary counts, for the primary of the store's epoch."""
        sync: Sync | None = self.world.store.sync
        if sync is None:
            return
        node = self.world.nodes.get(sync.leader)
        if node is None or not node.is_running or node.told[0] != sync.epoch or node.seen != sync.epoch:
            return
        if node.told[1]:
            if not set(node.counted) <= set(sync.members):
                raise Broken(f"{node.name} counts {node.counted}, the store lists {list(sync.members)}")
            if node.k < sync.k:
                raise Broken(f"{node.name} waits for {node.k}, the store says {sync.k}")
        if sync.k:
            self._holders(sync)

    def _holders(self, sync: Sync) -> None:
        nodes = self.world.nodes
        count = len(self.known)
        holding = 0
        for name, run in sync.members.items():
            node = nodes.get(name)
            # Who crashed since, or is in a full resync, is known to be no holder: it counts for nobody.
            is_as_it_was = node is not None and f"{name}.{node.run}" == run and node.is_running and not node.is_hollow
            holding += not is_as_it_was or (node is not None and self.has(node, count))
        if holding < min(sync.k, len(sync.members)):
            raise Broken(f"{holding} of the in-sync set {list(sync.members)} hold all of {count}, not {sync.k}")

    # --- epochs only grow

    def recorded(self, leader: Leader) -> None:
        if leader.epoch < self.highest_epoch:
            raise Broken(f"the store's epoch goes from {self.highest_epoch} back to {leader.epoch}")
        self.highest_epoch = leader.epoch
        if leader.node is None and leader.epoch in self.world.store.leaders:
            raise Broken(f"epoch {leader.epoch}, which is {self.world.store.leaders[leader.epoch]}'s, is taken again")
