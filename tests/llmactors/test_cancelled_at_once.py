"""A handler whose asker gives up in the turn in which it began is cancelled like any other."""

import asyncio
from typing import Any

from llmactors import Actor, ActorSystem, message


class Waiter(Actor):
    def __init__(self) -> None:
        self.cancelled = False

    @message
    async def wait(self) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise

    @message
    def was_cancelled(self) -> bool:
        return self.cancelled


async def test_a_handler_that_is_cancelled_before_its_task_has_run_is_cancelled_all_the_same() -> None:
    async with ActorSystem() as system:
        waiter = await system.spawn(Waiter)
        asking = asyncio.ensure_future(waiter.ask(Waiter.wait()))
        await asyncio.sleep(0)  # it has begun, in this very turn
        (job,) = waiter.need_extra().jobs
        item: Any = job.item
        item.fail(TimeoutError())
        waiter.abandon(item)
        assert await waiter.ask(Waiter.was_cancelled(), timeout=2)
        await asyncio.gather(asking, return_exceptions=True)
