"""llmactors, as a user writes it."""

import asyncio
import time
from collections.abc import Callable, Coroutine

import uvloop

from llmactors import Actor, ActorRef, ActorSystem, message

from rivals.measured import BURST, RING, WARM_UP

COUNTS = {"ask": 50_000, "tell": 100_000, "ring": 100_000, "spawn": 20_000}


class Echo(Actor):
    """Answers with what it was sent."""

    @message
    def echo(self, value: int) -> int:
        """Answer one message."""
        return value


class Node(Actor):
    """Passes the hops that are left to the next node."""

    def __init__(self, finished: asyncio.Event) -> None:
        self._finished = finished
        self._next: ActorRef[Node] | None = None

    @message
    def before(self, following: "ActorRef[Node]") -> None:
        """Take the node to pass messages to."""
        self._next = following

    @message
    def hop(self, left: int) -> None:
        """Pass it on, or finish."""
        if left and self._next is not None:
            self._next.tell(Node.hop(left - 1))
        else:
            self._finished.set()


async def _ask(n: int) -> float:
    async with ActorSystem() as system:
        echo = await system.spawn(Echo)
        for value in range(WARM_UP):
            await echo.ask(Echo.echo(value))
        began = time.perf_counter()
        for value in range(n):
            await echo.ask(Echo.echo(value))
        return time.perf_counter() - began


async def _tell(n: int) -> float:
    async with ActorSystem() as system:
        echo = await system.spawn(Echo)
        await echo.ask(Echo.echo(0))
        began = time.perf_counter()
        for _ in range(n // BURST):
            for value in range(BURST):
                echo.tell(Echo.echo(value))
            await echo.ask(Echo.echo(0))
        return time.perf_counter() - began


async def _ring(n: int) -> float:
    async with ActorSystem() as system:
        finished = asyncio.Event()
        nodes = [await system.spawn(Node, finished) for _ in range(RING)]
        for node, following in zip(nodes, [*nodes[1:], nodes[0]], strict=True):
            await node.ask(Node.before(following))
        began = time.perf_counter()
        nodes[0].tell(Node.hop(n))
        await finished.wait()
        return time.perf_counter() - began


async def _spawn(n: int) -> float:
    async with ActorSystem() as system:
        first = await system.spawn(Echo)
        await first.ask(Echo.echo(0))
        began = time.perf_counter()
        actors = [await system.spawn(Echo) for _ in range(n)]
        await actors[-1].ask(Echo.echo(0))
        return time.perf_counter() - began


def _on_uvloop(case: Callable[[int], Coroutine[None, None, float]]) -> Callable[[int], float]:
    return lambda n: uvloop.run(case(n))


MEASURES = {
    "ask": _on_uvloop(_ask),
    "tell": _on_uvloop(_tell),
    "ring": _on_uvloop(_ring),
    "spawn": _on_uvloop(_spawn),
}
