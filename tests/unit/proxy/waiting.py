"""Waiting for what happens in other processes."""

from collections.abc import Callable

import trio

WAIT_SECONDS = 10.0


async def until(condition: Callable[[], object], what: str) -> None:
    """Polls until the condition holds; an AssertionError names what never happened."""
    with trio.move_on_after(WAIT_SECONDS):
        while not condition():  # noqa: ASYNC110 (what is waited for happens in another process)
            await trio.sleep(0.01)
        return
    raise AssertionError(f"waited in vain for {what}")
