"""Pykka: one thread per actor, in its plainest form (`on_receive`, no proxies)."""

import threading
import time

import pykka

from rivals.measured import BURST, RING, WARM_UP

COUNTS = {"ask": 10_000, "tell": 50_000, "ring": 10_000, "spawn": 1_000}


class Echo(pykka.ThreadingActor):
    """Answers with what it was sent."""

    def on_receive(self, message: int) -> int:
        """Answer one message."""
        return message


class Node(pykka.ThreadingActor):
    """Passes the hops that are left to the next node."""

    def __init__(self, finished: threading.Event) -> None:
        super().__init__()
        self._finished = finished
        self._next: pykka.ActorRef[Node] | None = None

    def on_receive(self, message: "int | pykka.ActorRef[Node]") -> None:
        """Pass it on, or finish; a ref is the next node."""
        if not isinstance(message, int):
            self._next = message
        elif message and self._next is not None:
            self._next.tell(message - 1)
        else:
            self._finished.set()


def _ask(n: int) -> float:
    echo = Echo.start()
    for value in range(WARM_UP):
        echo.ask(value)
    began = time.perf_counter()
    for value in range(n):
        echo.ask(value)
    seconds = time.perf_counter() - began
    echo.stop()
    return seconds


def _tell(n: int) -> float:
    echo = Echo.start()
    echo.ask(0)
    began = time.perf_counter()
    for _ in range(n // BURST):
        for value in range(BURST):
            echo.tell(value)
        echo.ask(0)
    seconds = time.perf_counter() - began
    echo.stop()
    return seconds


def _ring(n: int) -> float:
    finished = threading.Event()
    nodes = [Node.start(finished) for _ in range(RING)]
    for node, following in zip(nodes, [*nodes[1:], nodes[0]], strict=True):
        node.ask(following)
    began = time.perf_counter()
    nodes[0].tell(n)
    finished.wait()
    seconds = time.perf_counter() - began
    pykka.ActorRegistry.stop_all()
    return seconds


def _spawn(n: int) -> float:
    Echo.start().stop()
    began = time.perf_counter()
    actors = [Echo.start() for _ in range(n)]
    actors[-1].ask(0)
    seconds = time.perf_counter() - began
    pykka.ActorRegistry.stop_all()
    return seconds


MEASURES = {"ask": _ask, "tell": _tell, "ring": _ring, "spawn": _spawn}
