"""What the Sentinel port answers: a row and a function a command. Knows no socket.

What a client says about itself (HELLO, AUTH, CLIENT …) is taken as it comes: nothing here is worth a password that a
node would not ask for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from memcluster.redis.group.sentinel import instances
from memcluster.redis.group.sentinel.session import SUBSCRIPTIONS_MAX
from memcluster.redis.group.sentinel.wire import Answer, NilArray, Push, Status
from memcluster.redis.resp import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from memcluster.redis.group.sentinel.picture import Picture
    from memcluster.redis.group.sentinel.session import Session

VERSION = "7.2.4"
OK = Status("OK")
NO_MASTER = Refusal("ERR No such master with that name")
CONFIGURED_ELSEWHERE = Refusal("ERR a group is configured in the file of `memcluster up`, not here")


class Watch(Protocol):
    """The group behind the port."""

    @property
    def picture(self) -> Picture:
        """How it is now."""

    @property
    def my_id(self) -> str:
        """40 letters that name this Sentinel."""

    def fail_over(self) -> str | None:
        """Begins a failover; why not, if it cannot."""


@dataclass
class Call:
    """A request: its words behind the command's name, who asks, and what about."""

    words: list[str]
    session: Session
    watch: Watch

    @property
    def picture(self) -> Picture:
        """The group."""
        return self.watch.picture

    def names_us(self) -> bool:
        """Whether the first word is the group's name, and it has a primary to speak of."""
        return bool(self.words) and self.words[0] == self.picture.name and self.picture.primary is not None


Run: TypeAlias = "Callable[[Call], Answer | tuple[Answer, ...]]"


@dataclass(frozen=True)
class Command:
    """One command. `words`: how few and how many may follow its name (None: any number)."""

    name: str
    run: Run
    words: tuple[int, int | None] = (0, None)
    is_for_subscribers: bool = False
    """Allowed to a client of RESP2 that has subscribed."""

    def takes(self, count: int) -> bool:
        """Whether so many words may follow."""
        low, high = self.words
        return low <= count and (high is None or count <= high)


def answers(words: list[str], session: Session, watch: Watch) -> list[Answer]:
    """All that is said to a request; most often one answer."""
    command = COMMANDS.get(words[0].upper())
    shown = words[0][:128]
    if command is None:
        rest = "".join(f"'{word[:128]}' " for word in words[1:])
        return [Refusal(f"ERR unknown command '{shown}', with args beginning with: {rest}")]
    if not command.takes(len(words) - 1):
        return [Refusal(f"ERR wrong number of arguments for '{shown.lower()}' command")]
    if session.is_listening and not command.is_for_subscribers:
        return [
            Refusal(
                f"ERR Can't execute '{shown.lower()}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET "
                "are allowed in this context"
            )
        ]
    answer = command.run(Call(words[1:], session, watch))
    return list(answer) if isinstance(answer, tuple) else [answer]


# --- the connection


def _ping(call: Call) -> Answer:
    if call.session.is_listening:
        return ["pong", call.words[0] if call.words else ""]
    return call.words[0] if call.words else Status("PONG")


def _hello(call: Call) -> Answer:
    words, session = call.words, call.session
    protocol = session.protocol
    if words:
        if words[0] not in ("2", "3"):
            return Refusal("NOPROTO unsupported protocol version")
        protocol = int(words[0])
    place = 1
    while place < len(words):
        option, left = words[place].upper(), len(words) - place - 1
        if option == "AUTH" and left >= 2:
            place += 3
        elif option == "SETNAME" and left >= 1:
            session.name = words[place + 1]
            place += 2
        else:
            return Refusal(f"ERR Syntax error in HELLO option '{words[place]}'")
    session.protocol = protocol
    return {
        "server": "redis",
        "version": VERSION,
        "proto": protocol,
        "id": session.number,
        "mode": "sentinel",
        "modules": [],
    }


def _client(call: Call) -> Answer:
    match call.words[0].upper():
        case "ID":
            return call.session.number
        case "GETNAME":
            return call.session.name or None
        case "SETNAME" if len(call.words) == 2:
            call.session.name = call.words[1]
    return OK


def _finish(call: Call) -> Answer:
    call.session.is_over = True
    return OK


def _reset(call: Call) -> Answer:
    call.session.channels.clear()
    call.session.patterns.clear()
    call.session.protocol, call.session.name = 2, ""
    return Status("RESET")


# --- the group


def _sentinel(call: Call) -> Answer:
    name, call.words = call.words[0], call.words[1:]
    command = SENTINEL.get(name.upper())
    if command is None:
        return Refusal(f"ERR unknown subcommand '{name[:128]}'. Try SENTINEL HELP.")
    if not command.takes(len(call.words)):
        return Refusal(f"ERR wrong number of arguments for 'sentinel|{name.lower()}' command")
    answer = command.run(call)
    assert not isinstance(answer, tuple)
    return answer


def _masters(call: Call) -> Answer:
    return [instances.master(call.picture)] if call.picture.primary else []


def _master(call: Call) -> Answer:
    return instances.master(call.picture) if call.names_us() else NO_MASTER


def _replicas(call: Call) -> Answer:
    picture = call.picture
    return [instances.replica(picture, each) for each in picture.replicas] if call.names_us() else NO_MASTER


def _sentinels(call: Call) -> Answer:
    return [] if call.names_us() else NO_MASTER


def _master_address(call: Call) -> Answer:
    primary = call.picture.primary if call.names_us() else None
    return [primary.host, str(primary.port)] if primary else NilArray()


def _check_quorum(call: Call) -> Answer:
    if not call.names_us():
        return NO_MASTER
    return Status("OK 1 usable Sentinels. Quorum and failover authorization can be reached")


def _fail_over(call: Call) -> Answer:
    if not call.names_us():
        return NO_MASTER
    why_not = call.watch.fail_over()
    return Refusal(why_not) if why_not else OK


def _info(call: Call) -> Answer:
    picture, sections = call.picture, {word.lower() for word in call.words} or {"all"}
    everything = bool(sections & {"all", "everything", "default"})
    lines: list[str] = []
    if everything or "server" in sections:
        lines += ["# Server", f"redis_version:{VERSION}", "redis_mode:sentinel", f"run_id:{call.watch.my_id}", ""]
    if everything or "sentinel" in sections:
        lines += ["# Sentinel", f"sentinel_masters:{1 if picture.primary else 0}", "sentinel_tilt:0"]
        lines += ["sentinel_tilt_since_seconds:-1", "sentinel_running_scripts:0", "sentinel_scripts_queue_length:0"]
        lines += ["sentinel_simulate_failure_flags:0"]
        if picture.primary:
            status = "odown" if picture.primary.is_down else "ok"
            where = f"address={picture.primary.address},slaves={len(picture.replicas)},sentinels=1"
            lines += [f"master0:name={picture.name},status={status},{where}"]
        lines += [""]
    return "\r\n".join(lines)


# --- messages


def _subscribe(call: Call) -> tuple[Answer, ...]:
    return _join(call, "subscribe", call.session.channels)


def _subscribe_to_patterns(call: Call) -> tuple[Answer, ...]:
    return _join(call, "psubscribe", call.session.patterns)


def _unsubscribe(call: Call) -> tuple[Answer, ...]:
    return _leave(call, "unsubscribe", call.session.channels)


def _unsubscribe_from_patterns(call: Call) -> tuple[Answer, ...]:
    return _leave(call, "punsubscribe", call.session.patterns)


def _join(call: Call, kind: str, wanted: dict[str, None]) -> tuple[Answer, ...]:
    said: list[Answer] = []
    for word in call.words:
        if word not in wanted and call.session.subscriptions >= SUBSCRIPTIONS_MAX:
            return (*said, Refusal(f"ERR a client may subscribe to {SUBSCRIPTIONS_MAX} channels and patterns here"))
        wanted[word] = None
        said.append(Push((kind, word, call.session.subscriptions)))
    return tuple(said)


def _leave(call: Call, kind: str, wanted: dict[str, None]) -> tuple[Answer, ...]:
    said: list[Answer] = []
    for word in call.words or list(wanted):
        wanted.pop(word, None)
        said.append(Push((kind, word, call.session.subscriptions)))
    return tuple(said) or (Push((kind, None, call.session.subscriptions)),)


COMMANDS = {
    command.name: command
    for command in (
        Command("PING", _ping, (0, 1), is_for_subscribers=True),
        Command("HELLO", _hello),
        Command("AUTH", lambda _: OK, (1, 2)),
        Command("CLIENT", _client, (1, None)),
        Command("COMMAND", lambda _: []),
        Command("QUIT", _finish, is_for_subscribers=True),
        Command("RESET", _reset, (0, 0), is_for_subscribers=True),
        Command("ROLE", lambda call: ["sentinel", [call.picture.name]], (0, 0)),
        Command("INFO", _info),
        Command("SENTINEL", _sentinel, (1, None)),
        Command("SUBSCRIBE", _subscribe, (1, None), is_for_subscribers=True),
        Command("PSUBSCRIBE", _subscribe_to_patterns, (1, None), is_for_subscribers=True),
        Command("UNSUBSCRIBE", _unsubscribe, is_for_subscribers=True),
        Command("PUNSUBSCRIBE", _unsubscribe_from_patterns, is_for_subscribers=True),
    )
}

SENTINEL = {
    command.name: command
    for command in (
        Command("MASTERS", _masters, (0, 0)),
        Command("MASTER", _master, (1, 1)),
        Command("REPLICAS", _replicas, (1, 1)),
        Command("SLAVES", _replicas, (1, 1)),
        Command("SENTINELS", _sentinels, (1, 1)),
        Command("GET-MASTER-ADDR-BY-NAME", _master_address, (1, 1)),
        Command("CKQUORUM", _check_quorum, (1, 1)),
        Command("FAILOVER", _fail_over, (1, 1)),
        Command("MYID", lambda call: call.watch.my_id, (0, 0)),
        Command("PENDING-SCRIPTS", lambda _: [], (0, 0)),
        Command("IS-MASTER-DOWN-BY-ADDR", lambda _: [0, "*", 0], (4, 4)),
        Command("FLUSHCONFIG", lambda _: OK, (0, 0)),
        Command("RESET", lambda _: 0, (1, 1)),
        Command("MONITOR", lambda _: CONFIGURED_ELSEWHERE),
        Command("REMOVE", lambda _: CONFIGURED_ELSEWHERE),
        Command("SET", lambda _: CONFIGURED_ELSEWHERE),
        Command("CONFIG", lambda _: CONFIGURED_ELSEWHERE),
    )
}
