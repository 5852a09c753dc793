"""Pykka: one thread per actor, in its plainest form (`on_receive`, no proxies).

It has no supervision and no processes.
"""

import logging
import threading
import time
from typing import Any

import pykka

from cases import latency, tells
from cases.asks import WARM_UP
from cases.kinds import Readings, time_of
from cases.latency import BURST, INFLIGHT, SETTLE, probe_blocking, skewed
from cases.lives import resident_bytes, spawned
from cases.rings import RING
from cases.tells import in_bursts, in_shares

logging.disable(logging.CRITICAL)
HOLD = 0.0005
"""Seconds that a producer holds back when it is too far ahead."""


class Echo(pykka.ThreadingActor):
    """Answers with what it was sent."""

    def on_receive(self, message: int) -> int:
        """Answer one message."""
        return message


class Counter(pykka.ThreadingActor):
    """Counts what it is told; None asks how many it was."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def on_receive(self, message: int | None) -> int:
        """Count."""
        if message is not None:
            self.count += message
        return self.count


class Sink(pykka.ThreadingActor):
    """Counts, and says when it was a round."""

    def __init__(self, full: threading.Event) -> None:
        super().__init__()
        self._count, self._full = 0, full

    def on_receive(self, message: int) -> None:
        """Count."""
        self._count += message
        if self._count == tells.PRODUCERS * tells.SHARE:
            self._count = 0
            self._full.set()


class Producer(pykka.ThreadingActor):
    """Sends its share of a round to the sink it is told."""

    def on_receive(self, message: pykka.ActorRef[Sink]) -> None:
        """Send."""
        for _ in range(tells.SHARE):
            message.tell(1)


class Tally:
    """What the flooded actor has handled, and what was sent to it."""

    def __init__(self) -> None:
        self.handled = self.sent = 0
        self.over = False


class Flooded(pykka.ThreadingActor):
    """Counts."""

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self._tally = tally

    def on_receive(self, message: int) -> None:
        """Count."""
        self._tally.handled += message


class Flood(pykka.ThreadingActor):
    """Keeps another one busy."""

    def __init__(self, tally: Tally, flooded: pykka.ActorRef[Flooded]) -> None:
        super().__init__()
        self._tally, self._flooded = tally, flooded

    def on_receive(self, message: Any) -> None:  # noqa: ARG002  any message will do
        """Send burst after burst until it is over."""
        tally, flooded = self._tally, self._flooded
        while not tally.over:
            if tally.sent - tally.handled < INFLIGHT:
                for _ in range(BURST):
                    flooded.tell(1)
                tally.sent += BURST  # producers race here; it is only a brake
            else:
                time.sleep(HOLD)


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


def _ask(n: int) -> Readings:
    echo = Echo.start()
    for value in range(WARM_UP):
        echo.ask(value)
    began = time.perf_counter()
    for value in range(n):
        echo.ask(value)
    seconds = time.perf_counter() - began
    echo.stop()
    return time_of(seconds, n)


def _tell(n: int) -> Readings:
    bursts, n = in_bursts(n)
    counter = Counter.start()
    counter.ask(None)
    began = time.perf_counter()
    for _ in range(bursts):
        for _ in range(tells.BURST):
            counter.tell(1)
        counter.ask(None)
    seconds = time.perf_counter() - began
    assert counter.ask(None) == n
    counter.stop()
    return time_of(seconds, n)


def _fan_in(n: int) -> Readings:
    rounds, n = in_shares(n)
    full = threading.Event()
    sink, producers = Sink.start(full), [Producer.start() for _ in range(tells.PRODUCERS)]
    began = time.perf_counter()
    for _ in range(rounds):
        for producer in producers:
            producer.tell(sink)
        full.wait()
        full.clear()
    seconds = time.perf_counter() - began
    pykka.ActorRegistry.stop_all()
    return time_of(seconds, n)


def _ring(n: int) -> Readings:
    finished = threading.Event()
    nodes = [Node.start(finished) for _ in range(RING)]
    for node, following in zip(nodes, [*nodes[1:], nodes[0]], strict=True):
        node.ask(following)
    began = time.perf_counter()
    nodes[0].tell(n)
    finished.wait()
    seconds = time.perf_counter() - began
    pykka.ActorRegistry.stop_all()
    return time_of(seconds, n)


def _spawn(n: int) -> Readings:
    Echo.start().stop()
    before = resident_bytes()
    began = time.perf_counter()
    actors = [Echo.start() for _ in range(n)]
    actors[-1].ask(0)
    readings = spawned(time.perf_counter() - began, resident_bytes() - before, n)
    pykka.ActorRegistry.stop_all()
    return readings


def _skew(n: int) -> Readings:
    tally = Tally()
    flooded, quiet = Flooded.start(tally), Echo.start()
    for _ in range(latency.PRODUCERS):
        Flood.start(tally, flooded).tell(None)
    time.sleep(SETTLE)
    before = tally.handled
    latencies, seconds = probe_blocking(lambda: quiet.ask(1), n)
    handled = tally.handled - before
    tally.over = True
    pykka.ActorRegistry.stop_all()
    return skewed(latencies, seconds, handled)


MEASURES = {"ask": _ask, "tell": _tell, "fan-in": _fan_in, "ring": _ring, "spawn": _spawn, "skew": _skew}
