"""Small actors and helpers with which the kernel's tests look at it from outside."""

import asyncio
from collections.abc import Callable
from typing import Any

from llmactors import Actor, ActorRef, ActorSystem, Slot, message


class Keeper(Actor):
    """Keeps slots, traps exits, and writes down what it hears."""

    trap_exits = True

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self._news = asyncio.Event()

    def receive(self, message: object) -> None:
        self.heard.append(message)
        self._news.set()

    async def hears(self, kind: type, count: int = 1) -> Any:
        """Wait until it has heard *count* messages of that kind, and return the last of them."""
        while len(found := [one for one in self.heard if isinstance(one, kind)]) < count:
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), 5.0)
        return found[-1]

    def opens(self, cls: type, *args: Any, name: str = "kept", **options: Any) -> Slot[Any]:
        """Open a slot and start it."""
        slot: Slot[Any] = self.context.open(name, cls, *args, **options)
        slot.start()
        return slot


class Counter(Actor):
    """Counts, slowly if told to, and crashes on demand."""

    def __init__(self, start: int = 0) -> None:
        self.total = start
        self.seen: list[int] = []
        self.gate = asyncio.Event()

    @message
    def add(self, amount: int) -> int:
        self.total += amount
        self.seen.append(amount)
        return self.total

    @message
    async def add_when_open(self, amount: int) -> int:
        await self.gate.wait()
        return self.add(amount)

    @message
    def open(self) -> None:
        self.gate.set()

    @message
    def boom(self, text: str = "boom") -> int:
        raise ValueError(text)

    @message
    async def late_boom(self) -> int:
        await asyncio.sleep(0)
        raise ValueError("late boom")

    @message
    async def stuck(self) -> int:
        await asyncio.get_running_loop().create_future()
        return 0


async def keeper(system: ActorSystem, name: str | None = None) -> Keeper:
    """Spawn a keeper, and return the actor itself."""
    ref: ActorRef[Keeper] = await system.spawn(Keeper, name=name)
    actor: Keeper = ref.actor
    return actor


async def turns(count: int = 10) -> None:
    """Let the loop turn, so that everything that can happen without time passing has happened."""
    for _ in range(count):
        await asyncio.sleep(0)


async def until(true: Callable[[], object]) -> None:
    """Let the loop turn until that is so; a test that waits for ever is ended by its time limit."""
    while not true():  # noqa: ASYNC110 - what is waited for tells nobody
        await asyncio.sleep(0)
