"""No framework: one asyncio task and one `asyncio.Queue` per actor, on uvloop. The floor for anything on this loop."""

import asyncio
import time
from collections.abc import Callable, Coroutine

import uvloop

from rivals.measured import BURST, RING, WARM_UP

COUNTS = {"ask": 30_000, "tell": 100_000, "ring": 50_000, "spawn": 10_000}


class Echo:
    """Answers with what it was sent."""

    def __init__(self) -> None:
        self._inbox: asyncio.Queue[tuple[int, asyncio.Future[int] | None]] = asyncio.Queue()
        self.task = asyncio.get_running_loop().create_task(self._run())

    def tell(self, value: int) -> None:
        """Send *value* and expect nothing."""
        self._inbox.put_nowait((value, None))

    async def ask(self, value: int) -> int:
        """Send *value* and wait for the answer."""
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._inbox.put_nowait((value, answer))
        return await answer

    async def _run(self) -> None:
        while True:
            value, answer = await self._inbox.get()
            result = self.handle(value)
            if answer is not None and not answer.done():
                answer.set_result(result)

    def handle(self, value: int) -> int:
        """Answer one message."""
        return value


class Node(Echo):
    """Passes the hops that are left to the next node."""

    def __init__(self, finished: asyncio.Event) -> None:
        super().__init__()
        self._finished = finished
        self.next: Node = self

    def handle(self, value: int) -> int:
        """Pass it on, or finish."""
        if value:
            self.next.tell(value - 1)
        else:
            self._finished.set()
        return value


async def _ask(n: int) -> float:
    echo = Echo()
    for value in range(WARM_UP):
        await echo.ask(value)
    began = time.perf_counter()
    for value in range(n):
        await echo.ask(value)
    seconds = time.perf_counter() - began
    await _end([echo])
    return seconds


async def _tell(n: int) -> float:
    echo = Echo()
    await echo.ask(0)
    began = time.perf_counter()
    for _ in range(n // BURST):
        for value in range(BURST):
            echo.tell(value)
        await echo.ask(0)
    seconds = time.perf_counter() - began
    await _end([echo])
    return seconds


async def _ring(n: int) -> float:
    finished = asyncio.Event()
    nodes = [Node(finished) for _ in range(RING)]
    for node, following in zip(nodes, [*nodes[1:], nodes[0]], strict=True):
        node.next = following
    await nodes[0].ask(0)
    finished.clear()
    began = time.perf_counter()
    nodes[0].tell(n)
    await finished.wait()
    seconds = time.perf_counter() - began
    await _end(nodes)
    return seconds


async def _spawn(n: int) -> float:
    await _end([Echo()])
    began = time.perf_counter()
    actors = [Echo() for _ in range(n)]
    await actors[-1].ask(0)
    seconds = time.perf_counter() - began
    await _end(actors)
    return seconds


async def _end(actors: list[Echo] | list[Node]) -> None:
    for actor in actors:
        actor.task.cancel()
    await asyncio.gather(*(actor.task for actor in actors), return_exceptions=True)


def _on_uvloop(case: Callable[[int], Coroutine[None, None, float]]) -> Callable[[int], float]:
    return lambda n: uvloop.run(case(n))


MEASURES = {
    "ask": _on_uvloop(_ask),
    "tell": _on_uvloop(_tell),
    "ring": _on_uvloop(_ring),
    "spawn": _on_uvloop(_spawn),
}
