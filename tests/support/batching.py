"""A batched actor that can be imported in a worker process."""

import asyncio

from llmactors import Actor, Mailbox, message


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
