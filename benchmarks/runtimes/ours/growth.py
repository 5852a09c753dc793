"""What a message costs among many actors, and in long queues, in llmactors."""

import time

from llmactors import Actor, ActorSystem, Mailbox, message

from cases.growth import fillings, hops
from cases.kinds import Readings, time_of
from runtimes.ours.program import program
from runtimes.ours.rings import Node, go_round


class Counter(Actor):
    """Counts, with room for all that it is told."""

    mailbox = Mailbox(capacity=100_000_000)

    def __init__(self) -> None:
        self._count = 0

    @message
    def add(self, amount: int) -> None:
        """Count."""
        self._count += amount

    @message
    def total(self) -> int:
        """Answer how many it was."""
        return self._count


async def _ring_of(system: ActorSystem, n: int) -> Readings:
    return time_of(await go_round(system, Node, n, hops(n)), hops(n))


async def _queue_of(system: ActorSystem, n: int) -> Readings:
    counter = await system.spawn(Counter)
    await counter.ask(Counter.total())
    told = fillings(n) * n
    began = time.perf_counter()
    for _ in range(fillings(n)):
        for _ in range(n):
            counter.tell(Counter.add(1))
        await counter.ask(Counter.total(), timeout=60)
    seconds = time.perf_counter() - began
    assert await counter.ask(Counter.total()) == told
    return time_of(seconds, told)


MEASURES = {"ring-of": program(_ring_of), "queue-of": program(_queue_of)}
