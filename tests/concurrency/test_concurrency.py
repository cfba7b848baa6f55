"""32 connections at once on 4 threads: single commands, transactions, scripts, and blocking pops stay in order."""

import os
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.concurrency.history import Caller, Operation, operations, run, transactions
from tests.concurrency.linearizable import Model, counter, is_linearizable, queue, register
from tests.concurrency.serializable import anomalies
from tests.connection import ask
from tests.servers import Server, start_redis_mode, wait_for

CONNECTIONS = 32
THREADS = "4"
SEED = int(os.environ.get("CONCURRENCY_SEED", "1"))
ROUNDS = int(os.environ.get("CONCURRENCY_ROUNDS", "40"))
"""More for a longer look: `CONCURRENCY_ROUNDS=400 CONCURRENCY_SEED=7`."""
ACCOUNTS = [f"account:{number}" for number in range(8)]
TOTAL = 1000 * len(ACCOUNTS)
LISTS = [f"list:{number}" for number in range(6)]
QUEUES = [f"queue:{number}" for number in range(4)]
DONE = {queue: f"done:{queue}" for queue in QUEUES}
CONSUMERS = 2 * len(QUEUES)
FAULT_ROUNDS_MAX = 50
# Each key with a value is appended to, each without one is read. Declared, they are KEYS; else they come first in ARGV.
SCRIPT = """
local results, count = {}, #KEYS
for n = 1, count do
  local key, value = KEYS[n], ARGV[n]
  results[n] = value == '' and redis.call('LRANGE', key, 0, -1) or redis.call('RPUSH', key, value)
end
return results
"""
WIDE_SCRIPT = SCRIPT.replace("#KEYS", "#ARGV / 2").replace("KEYS[n], ARGV[n]", "ARGV[n], ARGV[count + n]")
TRANSFER = "redis.call('DECRBY', KEYS[1], ARGV[1]) redis.call('INCRBY', KEYS[2], ARGV[1]) return 1"
LOOK = "local sum = 0 for _, key in ipairs(KEYS) do sum = sum + redis.call('GET', key) end return sum"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = start_redis_mode("--threads", THREADS)
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def filled(server: Server) -> None:
    begin(server)


def begin(server: Server) -> None:
    """Nothing but the accounts."""
    caller = Caller(0, server.address, SEED)
    caller.exchange([("FLUSHALL",), *(("SET", account, "1000") for account in ACCOUNTS)])
    caller.connection.close()


def lists(server: Server) -> dict[str, list[str]]:
    """What every list holds in the end."""
    caller = Caller(0, server.address, SEED)
    keys = [*LISTS, *QUEUES, *DONE.values()]
    found = caller.exchange([("LRANGE", key, "0", "-1") for key in keys])
    caller.connection.close()
    return {key: values for key, values in zip(keys, found, strict=True) if isinstance(values, list)}


def registers(caller: Caller) -> None:
    for _ in range(ROUNDS):
        key = f"register:{caller.random.randrange(16)}"
        match caller.random.randrange(6):
            case 0:
                caller.ask("SET", key, caller.unique())
            case 1:
                caller.ask("GETSET", key, caller.unique())
            case 2:
                caller.ask("SETNX", key, caller.unique())
            case 3:
                caller.ask("DEL", key)
            case _:
                caller.ask("GET", key)


def counters(caller: Caller) -> None:
    for _ in range(ROUNDS):
        key = f"counter:{caller.random.randrange(4)}"
        if caller.random.random() < 0.7:
            caller.ask("INCRBY", key, caller.random.choice((1, 2, 5)))
        else:
            caller.ask("GET", key)


def queues(caller: Caller) -> None:
    """Short ones: in which order values were pushed shows when they are popped, and is to be guessed until then."""
    for _ in range(ROUNDS):
        key = f"short:{caller.random.randrange(16)}"
        match caller.random.randrange(6):
            case 0 | 1:
                caller.ask("RPUSH", key, caller.unique())
            case 2:
                caller.ask("LLEN", key)
            case _:
                caller.ask("LPOP", key)


@pytest.mark.parametrize(
    ("work", "model", "initial"), [(registers, register, None), (counters, counter, 0), (queues, queue, ())]
)
def test_a_key_is_linearizable(server: Server, work: Callable[[Caller], None], model: Model, initial: object) -> None:
    for key, history in operations(run(server.address, CONNECTIONS, SEED, work)).items():
        assert is_linearizable(history, model, initial), f"{key}: {history}"


def appends(caller: Caller) -> None:
    for _ in range(ROUNDS):
        caller.transact(*drawn(caller))


def drawn(caller: Caller) -> list[tuple[str, ...]]:
    """A few appends and reads of a few lists."""
    commands: list[tuple[str, ...]] = []
    for _ in range(caller.random.randint(1, 5)):
        key = caller.random.choice(LISTS)
        is_read = caller.random.random() < 0.5
        commands.append(("LRANGE", key, "0", "-1") if is_read else ("RPUSH", key, caller.unique()))
    return commands


def test_transactions_are_serializable(server: Server) -> None:
    callers = run(server.address, CONNECTIONS, SEED, appends)
    found = anomalies(transactions(callers), lists(server))
    assert not found, found[0]


def test_everything_at_once_is_serializable(server: Server) -> None:
    """Transactions, scripts with keys declared and not, single commands and blocking moves, over the same keys."""
    pushes = 2 * (ROUNDS // (2 * len(QUEUES)))
    pops = pushes * (CONNECTIONS - CONSUMERS) // (CONSUMERS // len(QUEUES))

    def work(caller: Caller) -> None:
        if caller.number < CONSUMERS:
            queue = QUEUES[caller.number % len(QUEUES)]
            for _ in range(pops):
                assert caller.alone("BLMOVE", queue, DONE[queue], "LEFT", "RIGHT", 20) is not None
            return
        pushed = QUEUES * pushes
        caller.random.shuffle(pushed)
        while pushed:
            commands = drawn(caller)
            if caller.random.random() < 0.5:
                commands.insert(caller.random.randint(0, len(commands)), ("RPUSH", pushed.pop(), caller.unique()))
            in_one_way(caller, commands)

    callers = run(server.address, CONNECTIONS, SEED, work)
    found = anomalies(transactions(callers), lists(server))
    assert not found, found[0]


def in_one_way(caller: Caller, commands: list[tuple[str, ...]]) -> None:
    match caller.random.randrange(4):
        case 0:
            caller.transact(*commands)
        case 1:
            caller.script(SCRIPT, commands)
        case 2:
            caller.script(WIDE_SCRIPT, commands, declares=False)
        case _:
            for words in commands:
                caller.alone(*words)


def test_transfers_keep_the_total(server: Server) -> None:
    def work(caller: Caller) -> None:
        for _ in range(ROUNDS):
            if caller.random.random() < 0.5:
                giver, taker = caller.random.sample(ACCOUNTS, 2)
                amount = caller.random.randint(1, 50)
                caller.transact(("DECRBY", giver, amount), ("INCRBY", taker, amount))
            else:
                caller.transact(*(("GET", account) for account in ACCOUNTS))

    callers = run(server.address, CONNECTIONS, SEED, work)
    assert not [each for each in totals(callers) if each != TOTAL]


def totals(callers: list[Caller]) -> list[int]:
    """What each transaction that looked at every account saw in sum."""
    looks = [each.operations for each in transactions(callers) if len(each.operations) == len(ACCOUNTS)]
    return [sum(int(str(operation.result)) for operation in look) for look in looks]


def test_watched_transfers_lose_nothing(server: Server) -> None:
    def work(caller: Caller) -> None:
        for _ in range(ROUNDS):
            giver, taker = caller.random.sample(ACCOUNTS, 2)
            caller.exchange([("WATCH", giver, taker)])
            left, right = caller.exchange([("GET", giver), ("GET", taker)])
            amount = min(int(str(left)), 300)
            caller.transact(("SET", giver, int(str(left)) - amount), ("SET", taker, int(str(right)) + amount))

    callers = run(server.address, CONNECTIONS, SEED, work)
    assert len(transactions(callers)) > CONNECTIONS, "some succeed"
    end = Caller(0, server.address, SEED)
    balances = end.transact(*(("GET", account) for account in ACCOUNTS))
    end.connection.close()
    assert balances is not None
    assert sum(int(str(each)) for each in balances) == TOTAL
    assert all(int(str(each)) >= 0 for each in balances)


def test_scripts_are_atomic(server: Server) -> None:
    def work(caller: Caller) -> None:
        for _ in range(ROUNDS):
            if caller.random.random() < 0.5:
                giver, taker = caller.random.sample(ACCOUNTS, 2)
                caller.ask("EVAL", TRANSFER, 2, giver, taker, caller.random.randint(1, 50))
            else:
                assert caller.ask("EVAL", LOOK, len(ACCOUNTS), *ACCOUNTS) == TOTAL

    run(server.address, CONNECTIONS, SEED, work)


def test_blocking_pops_take_each_value_once_and_in_order(server: Server) -> None:
    """Half of the connections push, half wait for any of the queues; a transaction pushes to several at once."""
    each_pops = ROUNDS

    def work(caller: Caller) -> None:
        if caller.number % 2:
            for _ in range(each_pops):
                popped = caller.ask("BLPOP", *caller.random.sample(QUEUES, len(QUEUES)), 20)
                assert isinstance(popped, list)
        else:
            for _ in range(each_pops // 2):
                one, two = caller.random.sample(QUEUES, 2)
                caller.transact(("RPUSH", one, caller.unique()), ("RPUSH", two, caller.unique()))

    callers = run(server.address, CONNECTIONS, SEED, work)
    pushed = [op for each in transactions(callers) for op in each.operations]
    pops = [op for caller in callers for op in caller.operations]
    taken = Counter(op.result[1] for op in pops if isinstance(op.result, list))
    assert taken == Counter(op.words[2] for op in pushed)
    assert not overtaken(pushed, pops)


def overtaken(pushed: list[Operation], pops: list[Operation]) -> list[tuple[str, str]]:
    """Values of which the later one of a queue was surely taken first."""
    taken = {op.result[1]: op for op in pops if isinstance(op.result, list)}
    wrong = []
    for key in QUEUES:
        values = sorted((op for op in pushed if op.key == key), key=lambda op: op.answered)
        for place, first in enumerate(values):
            for second in values[place + 1 :]:
                late, early = taken[first.words[2]], taken[second.words[2]]
                if first.answered < second.asked and early.answered < late.asked:
                    wrong.append((first.words[2], second.words[2]))
    return wrong


def test_a_lost_update_is_found(server: Server) -> None:
    """A planted fault of single commands: what a node without a lock of the key would do to an increment."""

    def work(caller: Caller) -> None:
        for _ in range(ROUNDS):
            caller.pretend_to_add("counter:0", 1)

    for _ in range(FAULT_ROUNDS_MAX):
        begin(server)
        history = operations(run(server.address, CONNECTIONS, SEED, work))["counter:0"]
        if not is_linearizable(history, counter, 0):
            return
    raise AssertionError("the checker found nothing wrong with increments that were lost")


def test_single_commands_are_no_transaction(server: Server) -> None:
    """The fault planted in the client: transactions sent as single commands."""

    def work(caller: Caller) -> None:
        for _ in range(ROUNDS):
            caller.pretend_to_transact(*drawn(caller))

    for _ in range(FAULT_ROUNDS_MAX):
        begin(server)
        callers = run(server.address, CONNECTIONS, SEED, work)
        if anomalies(transactions(callers), lists(server)):
            return
    raise AssertionError("the checker found nothing wrong with transactions that were none")


@pytest.fixture(scope="module")
def torn() -> Iterator[Server]:
    """A node whose EXEC and scripts lock for each of their commands alone, as long as it is not told otherwise."""
    server = start_redis_mode("--threads", THREADS, "--enable-debug-command", "yes", "--appendonly", "yes")
    wait_for(lambda: ask(server.address, b"PING\r\n") == b"+PONG\r\n", "the node to have loaded its empty log")
    yield server
    server.stop()


def set_atomic(server: Server, is_on: bool) -> None:
    caller = Caller(0, server.address, SEED)
    assert caller.exchange([("DEBUG", "SET-ATOMIC", str(int(is_on)))]) == ["OK"]
    caller.connection.close()


def scripted(caller: Caller) -> None:
    for _ in range(ROUNDS):
        caller.script(SCRIPT, drawn(caller))


def scripted_widely(caller: Caller) -> None:
    for _ in range(ROUNDS):
        caller.script(WIDE_SCRIPT, drawn(caller), declares=False)


def sums(caller: Caller) -> None:
    for _ in range(ROUNDS):
        giver, taker = caller.random.sample(ACCOUNTS, 2)
        caller.transact(("DECRBY", giver, 1), ("INCRBY", taker, 1))
        caller.transact(*(("GET", account) for account in ACCOUNTS))


def torn_orders(server: Server, callers: list[Caller]) -> list[str]:
    return anomalies(transactions(callers), lists(server))


def torn_sums(_: Server, callers: list[Caller]) -> list[str]:
    return [f"a sum of {each}" for each in totals(callers) if each != TOTAL]


@pytest.mark.parametrize(
    ("work", "complaints"),
    [(appends, torn_orders), (scripted, torn_orders), (scripted_widely, torn_orders), (sums, torn_sums)],
)
def test_a_missing_lock_is_found(
    torn: Server, work: Callable[[Caller], None], complaints: Callable[[Server, list[Caller]], list[str]]
) -> None:
    """The fault planted in the node is found; without it, the same node under the same work is right."""

    def is_found() -> bool:
        begin(torn)
        return bool(complaints(torn, run(torn.address, CONNECTIONS, SEED, work)))

    set_atomic(torn, False)
    try:
        assert any(is_found() for _ in range(FAULT_ROUNDS_MAX)), "the checker found nothing wrong without the locks"
    finally:
        set_atomic(torn, True)
    assert not is_found()


def test_the_log_of_torn_transactions_is_what_happened(torn: Server) -> None:
    begin(torn)
    set_atomic(torn, False)
    run(torn.address, CONNECTIONS, SEED, appends)
    set_atomic(torn, True)
    caller = Caller(0, torn.address, SEED)
    before, _, after = caller.exchange([("DEBUG", "DIGEST"), ("DEBUG", "LOADAOF"), ("DEBUG", "DIGEST")])
    caller.connection.close()
    assert before == after
