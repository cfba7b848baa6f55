"""Whether one key's history could have happened one operation after another, each between its asking and its answer.

The search of Wing and Gong with Lowe's memory: of the operations that began before the earliest answer still to come,
take one that fits the state, go on, and take it back where that leads nowhere. A place is remembered by what was taken
and by the state, and is not looked at twice. What fits and changes nothing is taken at once and never taken back: to
have it done only leaves more freedom to the others.
"""

from collections.abc import Callable, Hashable, Sequence

from tests.concurrency.history import Operation

State = Hashable
Model = Callable[[State, Operation], State | None]
"""The state after an operation that answered what it did, or IMPOSSIBLE."""
IMPOSSIBLE = object()


def is_linearizable(history: Sequence[Operation], model: Model, initial: State) -> bool:
    """Whether there is an order in which every answer is right."""
    order = sorted(history, key=lambda operation: operation.asked)
    everything = (1 << len(order)) - 1
    seen: set[tuple[int, State]] = set()
    path = [settled(order, model, 0, initial)]
    while path:
        taken, state, choices = path[-1]
        if taken == everything:
            return True
        if not choices:
            path.pop()
            continue
        place = choices.pop()
        after = model(state, order[place])
        if after is IMPOSSIBLE:
            continue
        step = settled(order, model, taken | 1 << place, after)
        if step[:2] not in seen:
            seen.add(step[:2])
            path.append(step)
    return False


def settled(order: Sequence[Operation], model: Model, taken: int, state: State) -> tuple[int, State, list[int]]:
    """Takes everything that fits and changes nothing; what may come next then."""
    while True:
        choices = candidates(order, taken)
        still = [place for place in choices if model(state, order[place]) == state]
        if not still:
            return taken, state, choices
        for place in still:
            taken |= 1 << place


def candidates(order: Sequence[Operation], taken: int) -> list[int]:
    """Operations that may come next: those asked before any other one left was answered."""
    found: list[int] = []
    first_answer: int | None = None
    start = (~taken & (taken + 1)).bit_length() - 1
    for place in range(start, len(order)):
        if taken >> place & 1:
            continue
        operation = order[place]
        if first_answer is not None and operation.asked > first_answer:
            break
        found.append(place)
        first_answer = operation.answered if first_answer is None else min(first_answer, operation.answered)
    # The one that was answered first is tried first.
    return sorted(found, key=lambda place: -order[place].answered)


def register(state: State, operation: Operation) -> State | None:
    """SET, GET, GETSET and SETNX of one key."""
    match operation.name:
        case "SET":
            return operation.words[2]
        case "GET":
            return state if operation.result == state else IMPOSSIBLE
        case "GETSET":
            return operation.words[2] if operation.result == state else IMPOSSIBLE
        case "SETNX":
            if operation.result != int(state is None):
                return IMPOSSIBLE
            return operation.words[2] if state is None else state
        case "DEL":
            return None if operation.result == int(state is not None) else IMPOSSIBLE
    raise AssertionError(operation)


def counter(state: State, operation: Operation) -> State | None:
    """INCRBY and GET of one key."""
    assert isinstance(state, int)
    if operation.name == "GET":
        return state if int(str(operation.result or 0)) == state else IMPOSSIBLE
    after = state + int(operation.words[2])
    return after if operation.result == after else IMPOSSIBLE


def queue(state: State, operation: Operation) -> State | None:
    """RPUSH, LPOP and LLEN of one key; a BLPOP that got something is an LPOP, and one that did not is left out."""
    assert isinstance(state, tuple)
    match operation.name:
        case "RPUSH":
            after = (*state, operation.words[2])
            # With somebody waiting, the length is told before they are served.
            return after if operation.result == len(after) else IMPOSSIBLE
        case "LPOP":
            if not state:
                return state if operation.result is None else IMPOSSIBLE
            return state[1:] if operation.result == state[0] else IMPOSSIBLE
        case "LLEN":
            return state if operation.result == len(state) else IMPOSSIBLE
    raise AssertionError(operation)
