"""Tells of llmactors, and many tellers of one actor."""

import asyncio
import time

from llmactors import Actor, ActorRef, ActorSystem, message

from cases.kinds import Readings, time_of
from cases.tells import BURST, PRODUCERS, SHARE, in_bursts, in_shares
from runtimes.ours.program import program


class Counter(Actor):
    """Counts what it is told."""

    def __init__(self) -> None:
        self.count = 0

    @message
    def tick(self) -> None:
        """Count one."""
        self.count += 1

    @message
    def add(self, amount: int) -> None:
        """Count."""
        self.count += amount

    @message
    async def add_async(self, amount: int) -> None:
        """Count, as a coroutine."""
        self.count += amount

    @message
    def total(self) -> int:
        """Answer how many it was."""
        return self.count


class Sink(Actor):
    """Counts what it is told, and says when it was a round."""

    def __init__(self) -> None:
        self.count = 0
        self.full = asyncio.Event()

    @message
    def add(self, amount: int) -> None:
        """Count."""
        self.count += amount
        if self.count == PRODUCERS * SHARE:
            self.count = 0
            self.full.set()

    @message
    def watch(self) -> asyncio.Event:
        """Answer with what is set once a round."""
        return self.full


class Producer(Actor):
    """Sends its share of a round to a sink."""

    def __init__(self, sink: ActorRef[Sink]) -> None:
        self._sink = sink

    @message
    def go(self) -> None:
        """Send."""
        sink = self._sink
        for _ in range(SHARE):
            sink.tell(Sink.add(1))


async def _tell_none(system: ActorSystem, n: int) -> Readings:
    bursts, n = in_bursts(n)
    counter = await system.spawn(Counter)
    await counter.ask(Counter.total())
    began = time.perf_counter()
    for _ in range(bursts):
        for _ in range(BURST):
            counter.tell(Counter.tick())
        await counter.ask(Counter.total())
    seconds = time.perf_counter() - began
    assert await counter.ask(Counter.total()) == n
    return time_of(seconds, n)


async def tells(system: ActorSystem, n: int) -> float:
    """Return the seconds that *n* tells take, a multiple of `BURST`."""
    counter = await system.spawn(Counter)
    await counter.ask(Counter.total())
    began = time.perf_counter()
    for _ in range(n // BURST):
        for _ in range(BURST):
            counter.tell(Counter.add(1))
        await counter.ask(Counter.total())
    seconds = time.perf_counter() - began
    assert await counter.ask(Counter.total()) == n
    return seconds


async def _tell(system: ActorSystem, n: int) -> Readings:
    _, n = in_bursts(n)
    return time_of(await tells(system, n), n)


async def _tell_async(system: ActorSystem, n: int) -> Readings:
    bursts, n = in_bursts(n)
    counter = await system.spawn(Counter)
    await counter.ask(Counter.total())
    began = time.perf_counter()
    for _ in range(bursts):
        for _ in range(BURST):
            counter.tell(Counter.add_async(1))
        await counter.ask(Counter.total())
    seconds = time.perf_counter() - began
    assert await counter.ask(Counter.total()) == n
    return time_of(seconds, n)


async def _fan_in(system: ActorSystem, n: int) -> Readings:
    rounds, n = in_shares(n)
    sink = await system.spawn(Sink)
    producers = [await system.spawn(Producer, sink) for _ in range(PRODUCERS)]
    full = await sink.ask(Sink.watch())
    began = time.perf_counter()
    for _ in range(rounds):
        for producer in producers:
            producer.tell(Producer.go())
        await full.wait()
        full.clear()
    return time_of(time.perf_counter() - began, n)


MEASURES = {
    "tell-none": program(_tell_none),
    "tell": program(_tell),
    "tell-async": program(_tell_async),
    "fan-in": program(_fan_in),
}
