"""Waiting for the thing itself, where nothing announces it."""

import asyncio
from collections.abc import Callable

PATIENCE = 10.0  # seconds, on a machine that is busy with something else
LOOK_EVERY = 0.002  # seconds


async def until(condition: Callable[[], bool]) -> None:
    """Return when *condition* holds.

    Raises:
        TimeoutError: It does not within `PATIENCE`.
    """
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(LOOK_EVERY)
