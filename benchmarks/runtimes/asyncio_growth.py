"""What a message costs among many actors, and in long queues, with a task and a queue per actor."""

import time

from cases.growth import fillings, hops
from cases.kinds import Readings, time_of
from runtimes.asyncio_queues import Counter, Node, go_round, on_uvloop


async def _ring_of(n: int) -> Readings:
    return time_of(await go_round(Node, n, hops(n)), hops(n))


async def _queue_of(n: int) -> Readings:
    counter = Counter()
    await counter.ask(None)
    told = fillings(n) * n
    began = time.perf_counter()
    for _ in range(fillings(n)):
        for _ in range(n):
            counter.tell(1)
        await counter.ask(None)
    seconds = time.perf_counter() - began
    assert await counter.ask(None) == told
    return time_of(seconds, told)


MEASURES = {"ring-of": on_uvloop(_ring_of), "queue-of": on_uvloop(_queue_of)}
