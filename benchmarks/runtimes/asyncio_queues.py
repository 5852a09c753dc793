"""No framework: one asyncio task and one `asyncio.Queue` per actor, on uvloop, as one would write it."""

import asyncio
import gc
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

import uvloop

from cases import tells
from cases.asks import WARM_UP
from cases.kinds import Measure, Readings, time_of
from cases.latency import (
    BEGINNING,
    BURST,
    INFLIGHT,
    PAUSE,
    PRODUCERS,
    SETTLE,
    Pauses,
    probe,
    skewed,
    traffic_seconds,
)
from cases.lives import resident_bytes, spawned
from cases.rings import RING
from cases.tells import in_bursts, in_shares


class Plain:
    """An actor that answers with what it was sent."""

    def __init__(self) -> None:
        self._inbox: asyncio.Queue[tuple[Any, asyncio.Future[Any] | None]] = asyncio.Queue()
        self.task = asyncio.get_running_loop().create_task(self._run())

    def tell(self, message: Any) -> None:
        """Send and expect nothing."""
        self._inbox.put_nowait((message, None))

    async def ask(self, message: Any) -> Any:
        """Send and wait for the answer."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._inbox.put_nowait((message, answer))
        return await answer

    def put(self, message: Any, answer: asyncio.Future[Any]) -> None:
        """Send, and have the answer set."""
        self._inbox.put_nowait((message, answer))

    async def _run(self) -> None:
        while True:
            message, answer = await self._inbox.get()
            result = self.handle(message)
            if answer is not None and not answer.done():
                answer.set_result(result)

    def handle(self, message: Any) -> Any:
        """Handle one message; return the answer."""
        return message


class Timed(Plain):
    """An actor whose askers do not wait for ever."""

    async def ask(self, message: Any) -> Any:
        """Send and wait for the answer, 5 s at most."""
        async with asyncio.timeout(5.0):
            return await super().ask(message)


class Asynchronous(Plain):
    """An actor whose handler is a coroutine."""

    async def _run(self) -> None:
        while True:
            message, answer = await self._inbox.get()
            result = await self.handle(message)
            if answer is not None and not answer.done():
                answer.set_result(result)

    async def handle(self, message: Any) -> Any:
        """Handle one message; return the answer."""
        return message


class Suspending(Asynchronous):
    """An actor that answers in the loop's next turn."""

    async def handle(self, message: Any) -> Any:
        """Answer after a turn."""
        await asyncio.sleep(0)
        return message


class Counter(Plain):
    """Counts what it is told; None asks how many it was."""

    count = 0

    def handle(self, message: int | None) -> int:
        """Count."""
        if message is not None:
            self.count += message
        return self.count


class AsyncCounter(Asynchronous):
    """Counts, as a coroutine."""

    count = 0

    async def handle(self, message: int | None) -> int:
        """Count."""
        if message is not None:
            self.count += message
        return self.count


class Sink(Counter):
    """Counts, and says when it was a round."""

    def __init__(self) -> None:
        super().__init__()
        self.full = asyncio.Event()

    def handle(self, message: int | None) -> int:
        """Count."""
        if super().handle(message) == tells.PRODUCERS * tells.SHARE:
            self.count = 0
            self.full.set()
        return self.count


class Producer(Plain):
    """Sends its share of a round to the sink it is told."""

    def handle(self, message: Plain) -> None:
        """Send."""
        for _ in range(tells.SHARE):
            message.tell(1)


class Flooded(Counter):
    """Counts, and knows what was sent to it."""

    sent = 0


class Flood(Asynchronous):
    """Keeps the actor busy that it is told."""

    async def handle(self, message: Flooded) -> None:
        """Send burst after burst."""
        while True:
            if message.sent - message.count < INFLIGHT:
                for _ in range(BURST):
                    message.tell(1)
                message.sent += BURST
            await asyncio.sleep(0)


class Node(Plain):
    """Passes the hops that are left to the next node."""

    def __init__(self, finished: asyncio.Event) -> None:
        super().__init__()
        self._finished = finished
        self.next: Plain = self

    def handle(self, message: int) -> None:
        """Pass it on, or finish."""
        if message:
            self.next.tell(message - 1)
        else:
            self._finished.set()


class AsyncNode(Asynchronous):
    """A node whose handler is a coroutine."""

    def __init__(self, finished: asyncio.Event) -> None:
        super().__init__()
        self._finished = finished
        self.next: Plain = self

    async def handle(self, message: int) -> None:
        """Pass it on, or finish."""
        if message:
            self.next.tell(message - 1)
        else:
            self._finished.set()


def on_uvloop(body: Callable[[int], Coroutine[None, None, Readings]]) -> Measure:
    """Return what measures *body* on a loop of its own."""
    return lambda n: uvloop.run(body(n))


def _asking(cls: type[Plain]) -> Measure:
    async def ask(n: int) -> Readings:
        echo = cls()
        for value in range(WARM_UP):
            await echo.ask(value)
        began = time.perf_counter()
        for value in range(n):
            await echo.ask(value)
        return time_of(time.perf_counter() - began, n)

    return on_uvloop(ask)


def _telling(cls: type[Plain]) -> Measure:
    async def tell(n: int) -> Readings:
        bursts, n = in_bursts(n)
        counter = cls()
        await counter.ask(None)
        began = time.perf_counter()
        for _ in range(bursts):
            for _ in range(tells.BURST):
                counter.tell(1)
            await counter.ask(None)
        seconds = time.perf_counter() - began
        assert await counter.ask(None) == n
        return time_of(seconds, n)

    return on_uvloop(tell)


async def _fan_in(n: int) -> Readings:
    rounds, n = in_shares(n)
    sink, producers = Sink(), [Producer() for _ in range(tells.PRODUCERS)]
    await asyncio.sleep(0)
    began = time.perf_counter()
    for _ in range(rounds):
        for producer in producers:
            producer.tell(sink)
        await sink.full.wait()
        sink.full.clear()
    return time_of(time.perf_counter() - began, n)


async def go_round(cls: type[Node] | type[AsyncNode], actors: int, n: int) -> float:
    """Have a message go round *actors* nodes for *n* hops; return the seconds that takes, after one time round."""
    finished = asyncio.Event()
    nodes = [cls(finished) for _ in range(actors)]
    for node, following in zip(nodes, [*nodes[1:], nodes[0]], strict=True):
        node.next = following
    nodes[0].tell(actors)
    await finished.wait()
    finished.clear()
    began = time.perf_counter()
    nodes[0].tell(n)
    await finished.wait()
    return time.perf_counter() - began


def _going_round(cls: type[Node] | type[AsyncNode]) -> Measure:
    async def ring(n: int) -> Readings:
        return time_of(await go_round(cls, RING, n), n)

    return on_uvloop(ring)


def _spawning(*, used: bool) -> Measure:
    async def spawn(n: int) -> Readings:
        first = Plain()
        await first.ask(0)
        gc.collect()
        before = resident_bytes()
        began = time.perf_counter()
        actors = [Plain() for _ in range(n)]
        for actor in actors if used else actors[-1:]:
            await actor.ask(0)
        readings = spawned(time.perf_counter() - began, resident_bytes() - before, n)
        await end([first, *actors])
        return readings

    return on_uvloop(spawn)


async def _skew(n: int) -> Readings:
    flooded, quiet = Flooded(), Plain()
    floods = [Flood() for _ in range(PRODUCERS)]
    for flood in floods:
        flood.tell(flooded)
    await asyncio.sleep(SETTLE)
    before = flooded.count
    latencies, seconds = await probe(lambda: quiet.ask(1), n)
    handled = flooded.count - before
    await end(floods)
    return skewed(latencies, seconds, handled)


async def _gc_pause(n: int) -> Readings:
    pauses = Pauses()
    actors = [Plain() for _ in range(n)]
    await actors[-1].ask(0)
    beginning = pauses.longest()
    ends = time.perf_counter() + traffic_seconds(n)
    place = 0
    while time.perf_counter() < ends:
        for actor in actors[place : place + BURST]:
            actor.tell(1)
        await actors[place].ask(1)
        place = (place + BURST) % n
        await asyncio.sleep(0)
    longest = pauses.longest()
    pauses.close()
    return {PAUSE.name: longest, BEGINNING.name: beginning}


async def end(actors: Iterable[Plain]) -> None:
    """End actors."""
    tasks = [actor.task for actor in actors]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


MEASURES = {
    "ask": _asking(Plain),
    "ask-queued": _asking(Plain),
    "ask-timed": _asking(Timed),
    "ask-async": _asking(Asynchronous),
    "ask-suspending": _asking(Suspending),
    "tell-none": _telling(Counter),
    "tell": _telling(Counter),
    "tell-async": _telling(AsyncCounter),
    "fan-in": on_uvloop(_fan_in),
    "ring": _going_round(Node),
    "ring-async": _going_round(AsyncNode),
    "spawn": _spawning(used=False),
    "spawn-used": _spawning(used=True),
    "skew": on_uvloop(_skew),
    "skew-queued": on_uvloop(_skew),
    "gc-pause": on_uvloop(_gc_pause),
}
