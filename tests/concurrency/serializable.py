"""Whether transactions over lists could have happened one after another, in an order that also respects real time.

As Elle does it: transactions append values that nobody else appends, and read whole lists. The longest read tells in
which order a key's values came, and so, for every two transactions that met at a key, which was first:

    wr   it read what the other appended           ww   it appended behind what the other appended
    rw   it read before the other appended         rt   it was answered before the other was asked

Values also go through queues: one appends a value, another one waits for it and moves it to the end of a list of what
is done, so that this list tells in which order the queue's values came. wr: it moved what the other appended.

A cycle of these is an anomaly. What is no cycle is told by itself: a value twice, a read that is no beginning of a
longer one, an append that nobody reads at the end, a transaction that does not see its own append.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

from tests.concurrency.history import Operation, Transaction

APPEND, READ, MOVE = "RPUSH", "LRANGE", "BLMOVE"
Graph = dict[int, dict[int, str]]


def anomalies(history: Sequence[Transaction], final: dict[str, list[str]]) -> list[str]:
    """Everything that is wrong, for a reader; `final` is what each list holds in the end."""
    final = with_queues(history, final)
    checks = (wrong_reads, wrong_lengths, lost_appends, stray_moves, blind_to_itself)
    found = [complaint for check in checks for complaint in check(history, final)]
    if found:
        return found
    cycle = find_cycle(dependencies(history, final))
    return [describe(cycle, history)] if cycle else []


def with_queues(history: Sequence[Transaction], final: dict[str, list[str]]) -> dict[str, list[str]]:
    """Queues as if nothing had been taken from them: what was moved on, and what is left."""
    moved = {operation.key: operation.words[2] for each in history for operation in moves(each)}
    return final | {queue: final[done] + final.get(queue, []) for queue, done in moved.items()}


def moves(transaction: Transaction) -> Iterable[Operation]:
    return (operation for operation in transaction.operations if operation.name == MOVE)


def reads(transaction: Transaction) -> Iterable[tuple[str, list[str]]]:
    for operation in transaction.operations:
        if operation.name == READ:
            assert isinstance(operation.result, list)
            yield operation.key, operation.result


def appends(transaction: Transaction) -> Iterable[tuple[str, str]]:
    for operation in transaction.operations:
        if operation.name == APPEND:
            yield operation.key, operation.words[2]
        elif operation.name == MOVE:
            yield operation.words[2], str(operation.result)


def wrong_reads(history: Sequence[Transaction], final: dict[str, list[str]]) -> Iterable[str]:
    """Reads that are no beginning of what came to be, and values that came twice."""
    for key, values in final.items():
        if len(set(values)) < len(values):
            yield f"{key} holds a value twice: {values}"
    for transaction in history:
        for key, values in reads(transaction):
            if values != final.get(key, [])[: len(values)]:
                yield f"{key} was read as {values}, which is no beginning of {final.get(key)}"


def wrong_lengths(history: Sequence[Transaction], final: dict[str, list[str]]) -> Iterable[str]:
    """Appends that were told another length than the list had then; queues become shorter, too."""
    queues = {operation.key for each in history for operation in moves(each)}
    places = {(key, value): place for key, values in final.items() for place, value in enumerate(values, start=1)}
    for transaction in history:
        for operation in transaction.operations:
            place = places.get((operation.key, operation.words[2]), operation.result)
            if operation.name == APPEND and operation.key not in queues and operation.result != place:
                yield f"{' '.join(operation.words)} was told length {operation.result} and came to place {place}"


def stray_moves(history: Sequence[Transaction], final: dict[str, list[str]]) -> Iterable[str]:
    """Values that were moved and that nobody had appended, or nobody any more."""
    del final
    pushed = {each for transaction in history for each in appends(transaction)}
    taken: set[tuple[str, object]] = set()
    for transaction in history:
        for operation in moves(transaction):
            value = (operation.key, operation.result)
            if value not in pushed or value in taken:
                yield f"{operation.result} was taken from {operation.key}, where it was not"
            taken.add(value)


def lost_appends(history: Sequence[Transaction], final: dict[str, list[str]]) -> Iterable[str]:
    """Appends that were acknowledged and are nowhere."""
    held = {key: set(values) for key, values in final.items()}
    for transaction in history:
        for key, value in appends(transaction):
            if value not in held.get(key, ()):
                yield f"{value} was appended to {key} and is lost"


def blind_to_itself(history: Sequence[Transaction], final: dict[str, list[str]]) -> Iterable[str]:
    """Transactions that read other than they just wrote."""
    del final
    for transaction in history:
        own: dict[str, list[str]] = defaultdict(list)
        known: dict[str, list[str]] = {}
        for operation in transaction.operations:
            if operation.name == APPEND:
                own[operation.key].append(operation.words[2])
            if operation.name != READ:
                continue
            values = operation.result
            assert isinstance(values, list)
            mine = own[operation.key]
            if mine and values[-len(mine) :] != mine:
                yield f"a transaction appended {mine} to {operation.key} and read {values}"
            before = values[: len(values) - len(mine)]
            if known.setdefault(operation.key, before) != before:
                yield f"a transaction read {operation.key} twice and somebody appended in between: {values}"


def dependencies(history: Sequence[Transaction], final: dict[str, list[str]]) -> Graph:
    """Who must have been before whom, with the reason."""
    graph: Graph = defaultdict(dict)
    writer = {each: number for number, transaction in enumerate(history) for each in appends(transaction)}

    def order(before: int | None, after: int | None, reason: str) -> None:
        if before is not None and after is not None and before != after:
            graph[before].setdefault(after, reason)

    for key, values in final.items():
        for first, second in pairwise(values):
            order(writer.get((key, first)), writer.get((key, second)), f"ww {key}")
    for number, transaction in enumerate(history):
        for operation in moves(transaction):
            order(writer.get((operation.key, str(operation.result))), number, f"wr {operation.key}")
        for key, values in reads(transaction):
            whole = final.get(key, [])
            if values:
                order(writer.get((key, values[-1])), number, f"wr {key}")
            if len(values) < len(whole):
                order(number, writer.get((key, whole[len(values)])), f"rw {key}")
    add_real_time(history, graph)
    return graph


def add_real_time(history: Sequence[Transaction], graph: Graph) -> None:
    """Who was answered before whom was asked; of those only the latest, the others follow from them."""
    finished = sorted(range(len(history)), key=lambda number: history[number].answered)
    answered = [history[number].answered for number in finished]
    latest_asked = list(accumulate((history[number].asked for number in finished), max))
    for number, transaction in enumerate(history):
        end = bisect_left(answered, transaction.asked)
        start = bisect_left(answered, latest_asked[end - 1]) if end else 0
        for other in finished[start:end]:
            graph[other].setdefault(number, "rt")


def find_cycle(graph: Graph) -> list[tuple[int, str]]:
    """Some cycle, as its nodes with the reason for the step to the next; nothing if there is none."""
    done: set[int] = set()
    for root in list(graph):
        path: list[int] = []
        place: dict[int, int] = {}
        stack = [(root, iter(graph.get(root, {})))] if root not in done else []
        while stack:
            node, followers = stack[-1]
            if node not in place:
                place[node] = len(path)
                path.append(node)
            follower = next((each for each in followers if each not in done), None)
            if follower is None:
                stack.pop()
                done.add(node)
                del place[path.pop()]
            elif follower in place:
                nodes = path[place[follower] :]
                return [(one, graph[one][two]) for one, two in zip(nodes, [*nodes[1:], nodes[0]], strict=True)]
            else:
                stack.append((follower, iter(graph.get(follower, {}))))
    return []


def describe(cycle: list[tuple[int, str]], history: Sequence[Transaction]) -> str:
    lines = ["transactions that each must be before the next, and the last before the first:"]
    for number, reason in cycle:
        said = ", ".join(f"{' '.join(each.words)} -> {each.result}" for each in history[number].operations)
        lines.append(f"  {said}\n    before the next because of {reason}")
    return "\n".join(lines)
