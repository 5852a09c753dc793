"""A batched actor that can be imported in a worker process."""

import asyncio
from typing import Any

from llmactors import Actor, ActorRef, Ended, Mailbox, Slot, message


class Net(Actor):
    """Answers batches, and remembers them."""

    mailbox = Mailbox(capacity=6)

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    @message.batched(4, within=1.0)
    def double(self, xs: list[int]) -> list[int]:
        """Double each; a negative one breaks it."""
        if min(xs) < 0:
            raise OSError("negative")
        self.batches.append(xs)
        return [2 * x for x in xs]

    @message.batched(4, within=1.0, timeout=60.0)
    async def slowly(self, xs: list[int]) -> list[int]:
        """Double each, two seconds a batch."""
        self.batches.append(xs)
        await asyncio.sleep(2)
        return [2 * x for x in xs]

    @message.batched(4, within=0)
    def eagerly(self, xs: list[int]) -> list[int]:
        """Double what is there."""
        self.batches.append(xs)
        return [2 * x for x in xs]

    @message.batched(4, within=0.01, raises=(KeyError,))
    def refuse(self, xs: list[int]) -> list[int]:
        """Know nothing."""
        raise KeyError(len(xs))

    @message.batched(4, within=0.01)
    def miscount(self, xs: list[int]) -> list[int]:
        """Answer one too few."""
        return xs[1:]

    @message
    def mark(self) -> None:
        """Leave a mark between batches."""
        self.batches.append([])

    @message
    def seen(self) -> list[list[int]]:
        """Return the batches so far."""
        return self.batches

    @message
    async def rest(self, seconds: float) -> None:
        """Be busy."""
        await asyncio.sleep(seconds)


class Keeper(Actor):
    """Brings its net back."""

    def __init__(self, redeliver: int = 0, cls: type[Net] = Net) -> None:
        self.redeliver, self.cls = redeliver, cls

    def on_start(self) -> None:
        self.slot: Slot[Net] = self.context.open("net", self.cls, redeliver=self.redeliver)
        self.slot.start()

    def receive(self, message: object) -> None:
        if isinstance(message, Ended):
            self.slot.revive(message.in_hand)


def asks(net: ActorRef[Any], *numbers: int, **options: Any) -> list[asyncio.Task[int]]:
    """Ask to double each, at the same time."""
    return [asyncio.create_task(net.ask(Net.double(number), **options)) for number in numbers]


async def settled() -> None:
    """Let everything happen that can happen now."""
    for _ in range(20):
        await asyncio.sleep(0)
