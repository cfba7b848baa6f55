"""Redis mode: how long a start takes that finds data on disk. Every contender loads the same files.

The log is written here, as a server would have: strings of 100 bytes, and every tenth key a hash of ten fields. The RDB
file is what redis-server makes of it.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path

from bench.contest import SERVER_PROCESSORS, Figures, Options, Scene
from bench.peers import REDIS_NODES, Need
from bench.processes import Process, free_port
from bench.typed import Words, encode
from memcluster.redis.client import Client

FOLDER, BASENAME = "appendonlydir", "appendonly.aof"
VALUE_BYTES, FIELDS = 100, 10
SAVE_SECONDS = 120.0
LOGGED = ("--appendonly", "yes", "--appendfsync", "no")


def write_log(folder: Path, options: Options) -> None:
    """An append-only file of the size that was chosen."""
    (folder / FOLDER).mkdir(parents=True)
    name = f"{BASENAME}.1.incr.aof"
    (folder / FOLDER / f"{BASENAME}.manifest").write_text(f"file {name} seq 1 type i\n")
    written, limit = 0, options.load_mb << 20
    with (folder / FOLDER / name).open("wb", buffering=1 << 20) as log:
        log.write(encode(("SELECT", "0")))
        for words in _commands():
            written += log.write(encode(words))
            if written >= limit:
                return


def write_rdb(folder: Path, options: Options) -> None:
    """An RDB file with what that log holds."""
    write_log(folder, options)
    need = Need(free_port(), folder, directives=LOGGED)
    command = REDIS_NODES["redis-server"].command(need)
    with (
        Process(command, need.port, SERVER_PROCESSORS) as server,
        Client(server.address, timeout_seconds=SAVE_SECONDS) as client,
    ):
        client.ask("SAVE")
    for path in (folder / FOLDER).iterdir():
        path.unlink()
    (folder / FOLDER).rmdir()


def measure(scene: Scene) -> Figures:
    """The server has just answered for the first time; it holds what it found."""
    with Client(scene.server.address) as client:
        keys = client.ask("DBSIZE")
    if not keys:
        raise RuntimeError(f"{scene.name} loaded nothing")
    return {
        "start_seconds": scene.server.start_seconds,
        "loaded": float(keys),
        "resident_mb": scene.server.resident_bytes / (1 << 20),
    }


def _commands() -> Iterator[Words]:
    for number in itertools.count():
        if number % 10:
            yield ("SET", f"key:{number:012}", f"{number:0{VALUE_BYTES}}")
        else:
            pairs = ((f"field{place:02}", f"value:{number + place:010}") for place in range(FIELDS))
            yield ("HSET", f"hash:{number:012}", *itertools.chain.from_iterable(pairs))
