"""An actor that answers and fails in every way there is."""

import asyncio
from collections.abc import AsyncIterator

from keepers import keeper
from virtual import now

from llmactors import Actor, ActorRef, ActorSystem, Later, message
from llmactors.errors import (
    AskTimeoutError,
)


class Teller(Actor):
    """Answers and fails in every way there is."""

    def __init__(self) -> None:
        self.diary: list[str] = []
        self.later: Later[str] = Later()

    @message(raises=(KeyError,))
    def missing(self) -> str:
        raise KeyError("not there")

    @message(raises=(KeyError,))
    async def missing_later(self) -> str:
        await asyncio.sleep(0)
        raise KeyError("not there")

    @message
    def boom(self) -> str:
        raise ValueError("boom")

    @message
    async def boom_at_once(self) -> str:
        raise ValueError("boom")

    @message
    async def boom_later(self) -> str:
        await asyncio.sleep(0)
        raise ValueError("boom")

    @message
    def leave(self) -> str:
        raise SystemExit(3)

    @message
    def generator_exit(self) -> str:
        raise GeneratorExit

    @message
    async def async_generator_exit(self) -> str:
        raise GeneratorExit

    @message
    async def stop_iteration(self) -> str:
        return next(iter(()))

    @message
    def cancelled(self) -> str:
        raise asyncio.CancelledError

    @message
    def in_time(self) -> Later[str]:
        return self.later

    @message
    async def async_later(self) -> Later[str]:
        return self.later

    @message
    async def suspended_later(self) -> Later[str]:
        await asyncio.sleep(0)
        return self.later

    @message
    async def slow(self, seconds: float) -> str:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.diary.append(f"cancelled at {now():g}")
            raise
        self.diary.append(f"done at {now():g}")
        return "done"

    @message(abandoned="finish")
    async def finishes(self, seconds: float) -> str:
        await asyncio.sleep(seconds)
        self.diary.append(f"done at {now():g}")
        return "done"

    @message
    async def ask_on(self, to: ActorRef["Teller"], seconds: float) -> str:
        try:
            return await to.ask(Teller.slow(seconds), timeout=99)
        except AskTimeoutError:
            return "no answer"

    @message
    async def ask_behind_its_back(self, to: ActorRef["Teller"]) -> str:
        self.behind = asyncio.create_task(to.ask(Teller.slow(50), timeout=99))
        await asyncio.sleep(1)
        return "answered"

    @message(limit=2.0)
    async def limited(self, message: str) -> str:
        await asyncio.sleep(1000)
        return message

    @message(limit=None, timeout=2000)
    async def unlimited(self, message: str) -> str:
        await asyncio.sleep(1000)
        return message

    @message(limit=2.0, raises=(TimeoutError,), timeout=99)
    async def limited_but_forgiving(self) -> str:
        await asyncio.sleep(1000)
        return "done"

    @message
    async def numbers(self) -> AsyncIterator[int]:
        yield 1


async def teller(system: ActorSystem) -> ActorRef[Teller]:
    """Spawn a teller whose end is heard."""
    ref = await system.spawn(Teller)
    watcher = await keeper(system)
    watcher.context.monitor(ref)
    return ref
