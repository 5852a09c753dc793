"""Rings of llmactors."""

import asyncio
import time
from typing import Any

from llmactors import Actor, ActorRef, ActorSystem, message

from cases.kinds import Readings, time_of
from cases.rings import RING
from runtimes.ours.program import Body, program


class Node(Actor):
    """Passes the hops that are left to the next node."""

    def __init__(self, finished: asyncio.Event) -> None:
        self._finished = finished
        self._next: ActorRef[Any] = self.context.self_ref

    @message
    def before(self, following: ActorRef[Any]) -> None:
        """Take the node to pass messages to."""
        self._next = following

    @message
    def hop(self, left: int) -> None:
        """Pass it on, or finish."""
        if left:
            self._next.tell(Node.hop(left - 1))
        else:
            self._finished.set()


class AsyncNode(Actor):
    """A node whose handler is a coroutine."""

    def __init__(self, finished: asyncio.Event) -> None:
        self._finished = finished
        self._next: ActorRef[Any] = self.context.self_ref

    @message
    def before(self, following: ActorRef[Any]) -> None:
        """Take the node to pass messages to."""
        self._next = following

    @message
    async def hop(self, left: int) -> None:
        """Pass it on, or finish."""
        if left:
            self._next.tell(AsyncNode.hop(left - 1))
        else:
            self._finished.set()


async def go_round(system: ActorSystem, cls: Any, actors: int, n: int) -> float:
    """Have a message go round *actors* nodes for *n* hops; return the seconds that takes, after one time round."""
    finished = asyncio.Event()
    nodes = [await system.spawn(cls, finished) for _ in range(actors)]
    for node, following in zip(nodes, [*nodes[1:], nodes[0]], strict=True):
        node.tell(cls.before(following))
    nodes[0].tell(cls.hop(actors))
    await finished.wait()
    finished.clear()
    began = time.perf_counter()
    nodes[0].tell(cls.hop(n))
    await finished.wait()
    return time.perf_counter() - began


def _going_round(cls: Any) -> Body:
    async def ring(system: ActorSystem, n: int) -> Readings:
        return time_of(await go_round(system, cls, RING, n), n)

    return ring


MEASURES = {"ring": program(_going_round(Node)), "ring-async": program(_going_round(AsyncNode))}
