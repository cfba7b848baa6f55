"""A node that is slow at times: passes bytes to a real node and back, its answers late by 50 ms while it is told so.

`python -m bench.relay LISTEN_PORT NODE_PORT` serves; SIGUSR1 makes it slow, SIGUSR2 quick again.
"""

import asyncio
import signal
import sys
from collections.abc import Callable

DELAY_SECONDS = 0.05
SLOW, QUICK = signal.SIGUSR1, signal.SIGUSR2
CHUNK_BYTES = 65_536


async def _serve(listen_port: int, node_port: int) -> None:
    loop = asyncio.get_running_loop()
    delay_seconds = 0.0

    def delay(seconds: float) -> None:
        nonlocal delay_seconds
        delay_seconds = seconds

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, late: Callable[[], float]) -> None:
        while chunk := await reader.read(CHUNK_BYTES):
            loop.call_later(late(), writer.write, chunk)
        writer.close()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        node_reader, node_writer = await asyncio.open_connection("127.0.0.1", node_port)
        await asyncio.gather(
            pump(reader, node_writer, lambda: 0.0),
            pump(node_reader, writer, lambda: delay_seconds),
            return_exceptions=True,
        )

    loop.add_signal_handler(SLOW, delay, DELAY_SECONDS)
    loop.add_signal_handler(QUICK, delay, 0.0)
    server = await asyncio.start_server(pass_on, "127.0.0.1", listen_port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
