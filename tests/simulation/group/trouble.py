"""What happens to a world: a row a kind of trouble, with how often. Everything comes to an end, so that it can heal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from memcluster.redis.group.state import Request

if TYPE_CHECKING:
    from tests.simulation.group.node import Node
    from tests.simulation.group.world import World


def victim(world: World) -> Node:
    """The primary, as often as not."""
    primary = world.nodes.get(world.pointed or "")
    return primary if primary and world.source.random() < 0.6 else world.source.choice(list(world.nodes.values()))


def crash(world: World) -> None:
    node = victim(world)
    if node.is_running:
        node.crash(loses_disk=world.source.random() < 0.1)
        world.tell_supervisors()
        if world.source.random() < 0.8:
            seconds = world.source.choice((0.02, 0.3, 1.5)) * world.source.random() * 2
            world.kernel.after(seconds, restart, world, node, node.run)


def restart(world: World, node: Node, run: int) -> None:
    if not node.is_running and node.run == run and world.config.find(node.name):
        node.start()


def crash_all(world: World) -> None:
    """The machine's power fails, or somebody stops everything."""
    for node in world.nodes.values():
        if node.is_running:
            node.crash()
            world.kernel.after(world.source.random() * 0.5, restart, world, node, node.run)
    for supervisor in world.supervisors:
        supervisor.crash()
    world.kernel.after(world.source.random(), replace_supervisor, world)


def freeze(world: World) -> None:
    node = victim(world)
    world.kernel.freeze(node)
    world.kernel.after(world.source.expovariate(1.0), thaw, world, node)


def thaw(world: World, node: Node) -> None:
    """What lies in its sockets is read in any order across connections, and its clock was read first."""
    if node.is_frozen:
        world.source.shuffle(node.stuck)
        if node.is_running:
            node.look_at_lease()
        world.kernel.thaw(node)


def freeze_supervisor(world: World) -> None:
    world.freeze_supervisor_for(world.source.expovariate(0.7))
    if world.source.random() < 0.4:
        second_supervisor(world)


def freeze_supervisor_in_the_act(world: World) -> None:
    """Between its look at the clock and what it does."""
    world.freezes_at = world.source.choice(("tell", "commit", "elect", "elect"))
    second_supervisor(world)


def crash_supervisor(world: World) -> None:
    for supervisor in world.supervisors:
        supervisor.crash()
    world.kernel.after(world.source.choice((0.1, 1.0)) * world.source.random() * 2, replace_supervisor, world)


def replace_supervisor(world: World) -> None:
    if not any(supervisor.is_running for supervisor in world.supervisors):
        world.start_supervisor()


def second_supervisor(world: World) -> None:
    """Somebody starts another one while the first runs, or is only stopped."""
    if len(world.supervisors) < 4:
        world.start_supervisor()


def partition(world: World) -> None:
    names = ["", *world.nodes]
    source = world.source
    if source.random() < 0.4:
        alone = victim(world).name
        cut = {frozenset((alone, name)) for name in names if name != alone}
    else:
        pairs = [("", victim(world).name), *(source.sample(names, 2) for _ in range(2))]
        cut = {frozenset(pair) for pair in source.sample(pairs, source.choice((1, 1, 2)))}
    world.network.cut |= cut
    world.kernel.after(source.expovariate(0.5), mend, world, cut)


def mend(world: World, cut: set[frozenset[str]]) -> None:
    world.network.cut -= cut


def store_outage(world: World) -> None:
    world.store.is_out = True
    world.kernel.after(world.source.expovariate(0.8), store_returns, world)


def slow_store(world: World) -> None:
    world.store.is_slow = True
    world.kernel.after(world.source.expovariate(0.8), store_returns, world)


def store_returns(world: World) -> None:
    world.store.is_out = world.store.is_slow = False


def slow_network(world: World) -> None:
    world.network.is_slow, world.network.late_share = True, 0.3
    world.kernel.after(world.source.expovariate(0.8), fast_network, world)


def fast_network(world: World) -> None:
    world.network.is_slow, world.network.late_share = False, 0.04
    world.network.slow_nodes.clear()


def slow_replication(world: World) -> None:
    world.network.slow_nodes.add(world.source.choice(list(world.nodes)))
    world.kernel.after(world.source.expovariate(0.6), fast_network, world)


def ask_for_failover(world: World) -> None:
    source = world.source
    kind = source.choice(("now", "test", "switchover", "switchover"))
    to = source.choice((None, *world.nodes)) if kind == "switchover" else None
    accept_loss = kind == "now" and source.random() < 0.1
    world.accepted_loss |= accept_loss
    request = Request(f"{world.kernel.time}", kind, to, accept_loss, world.kernel.time)
    world.store.write("request", request, is_new=True)


def change_durability(world: World) -> None:
    count = sum(not node.is_leaving for node in world.config.nodes)
    world.store.write_config(replace(world.config, durability=world.draw_durability(count)))


def change_replicas(world: World) -> None:
    """A node more, or one that is to leave."""
    staying = [node for node in world.config.nodes if not node.is_leaving]
    nodes = world.config.nodes
    if len(staying) < 4 and (len(staying) < 3 or world.source.random() < 0.5):
        config = world.new_node(is_always_synced=False)
        world.nodes[config.name].start()
        nodes = (*nodes, config)
    elif len(staying) > 2:
        leaving = world.source.choice(staying)
        nodes = tuple(replace(node, is_leaving=True) if node is leaving else node for node in nodes)
    durability = world.config.durability if len(staying) > 3 or world.config.durability != "sync:2" else "sync:1"
    world.store.write_config(replace(world.config, nodes=nodes, durability=durability))


TROUBLE = (
    (5, crash),
    (1, crash_all),
    (4, freeze),
    (2, freeze_supervisor),
    (1, freeze_supervisor_in_the_act),
    (2, crash_supervisor),
    (1, second_supervisor),
    (4, partition),
    (1.5, store_outage),
    (1, slow_store),
    (1, slow_network),
    (2, slow_replication),
    (2, ask_for_failover),
    (1, change_durability),
    (1, change_replicas),
)


def heal(world: World) -> None:
    """All trouble ends; what is down is started."""
    world.freezes_at = ""
    world.network.cut.clear()
    fast_network(world)
    store_returns(world)
    for node in world.nodes.values():
        thaw(world, node)
        if not node.is_running:
            restart(world, node, node.run)
    for supervisor in world.supervisors:
        world.kernel.thaw(supervisor)
    replace_supervisor(world)
