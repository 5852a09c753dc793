"""Actors for tests of trees: they write down what happens to them, and fail when told to."""

import asyncio
from collections.abc import Callable
from typing import Any

from llmactors import Actor, ActorRef, Exit, StartIgnored, message

Diary = list[str]


class FaultError(Exception):
    """What a player fails with."""


class Player(Actor):
    """Writes its starts and stops into a diary, by name.

    Args:
        diary: where it writes.
        slow_start: seconds its start takes.
        slow_stop: seconds its stop takes.
        fails: called before each start; True makes it fail.
    """

    def __init__(
        self,
        diary: Diary,
        slow_start: float = 0.0,
        slow_stop: float = 0.0,
        fails: Callable[[], bool] = lambda: False,
    ) -> None:
        self.diary, self.slow_start, self.slow_stop, self.fails = diary, slow_start, slow_stop, fails
        self.heard: list[object] = []

    def write(self, verb: str) -> None:
        """Write down what happens."""
        self.diary.append(f"{verb} {self.context.name}")

    async def on_start(self) -> None:
        """Start, or fail to."""
        if self.fails():
            self.write("fail")
            raise FaultError(self.context.name)
        if self.slow_start:
            self.write("begin")
            await asyncio.sleep(self.slow_start)
        self.write("start")

    async def on_stop(self, exit: Exit) -> None:
        """Stop, in a while."""
        if self.slow_stop:
            self.write("halt")
            await asyncio.sleep(self.slow_stop)
        self.write("stop")

    @message
    def crash(self) -> None:
        """End abnormally."""
        raise FaultError(self.context.name)

    @message
    def leave(self) -> None:
        """End normally."""
        self.context.stop()

    @message
    def hear(self, what: object) -> int:
        """Keep *what* and say how much was heard in this life."""
        self.heard.append(what)
        return len(self.heard)


class Ignoring(Player):
    """Says that it need not run."""

    async def on_start(self) -> None:
        """Ignore the start."""
        raise StartIgnored


class Times:
    """Says yes the first *n* times that it is asked after `arm`."""

    def __init__(self, n: int = 0) -> None:
        self.left = n

    def arm(self, n: int) -> None:
        """Say yes *n* times from now on."""
        self.left = n

    def __call__(self) -> bool:
        self.left -= 1
        return self.left >= 0


async def settle() -> None:
    """Let everything happen that needs no time."""
    for _ in range(50):
        await asyncio.sleep(0)


async def crash(ref: ActorRef[Any]) -> None:
    """Have an actor crash, and let what follows at once happen."""
    ref.tell(Player.crash())
    await settle()


async def leave(ref: ActorRef[Any]) -> None:
    """Have an actor end normally, and let what follows at once happen."""
    ref.tell(Player.leave())
    await settle()


def drained(diary: Diary) -> Diary:
    """Return what was written since the last call."""
    written = list(diary)
    diary.clear()
    return written
