"""Asks of llmactors."""

import asyncio
import time
from typing import Any

from llmactors import Actor, ActorSystem, message

from cases.asks import WARM_UP
from cases.kinds import Readings, time_of
from runtimes.ours.program import QUEUED, Body, program


class Echo(Actor):
    """Answers with what it was sent."""

    @message
    def echo(self, value: int) -> int:
        """Answer at once."""
        return value


class AsyncEcho(Actor):
    """Answers at once, as a coroutine."""

    @message
    async def echo(self, value: int) -> int:
        """Answer at once."""
        return value


class SuspendingEcho(Actor):
    """Answers in the loop's next turn."""

    @message
    async def echo(self, value: int) -> int:
        """Answer after a turn."""
        await asyncio.sleep(0)
        return value


def _asking(cls: Any) -> Body:
    async def ask(system: ActorSystem, n: int) -> Readings:
        echo = await system.spawn(cls)
        for value in range(WARM_UP):
            await echo.ask(cls.echo(value))
        began = time.perf_counter()
        for value in range(n):
            await echo.ask(cls.echo(value))
        return time_of(time.perf_counter() - began, n)

    return ask


MEASURES = {
    "ask": program(_asking(Echo)),
    "ask-queued": program(_asking(Echo), QUEUED),
    "ask-timed": program(_asking(Echo), QUEUED),  # an ask always has a time-out
    "ask-async": program(_asking(AsyncEcho)),
    "ask-suspending": program(_asking(SuspendingEcho)),
}
