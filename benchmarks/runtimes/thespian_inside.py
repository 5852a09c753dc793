"""Thespian's `simpleSystemBase`: every actor in the caller's thread, run synchronously."""

import logging
import time
from collections.abc import Callable
from typing import Any

from thespian.actors import Actor, ActorAddress, ActorExitRequest, ActorSystem

from cases import tells
from cases.asks import WARM_UP
from cases.kinds import Measure, Readings, time_of
from cases.lives import resident_bytes, spawned
from cases.rings import RING
from cases.tells import in_bursts, in_shares

LONG = 60.0
COUNT = "how many"


class Echo(Actor):
    """Answers with what it was sent."""

    def receiveMessage(self, msg: Any, sender: ActorAddress) -> None:  # noqa: N802  Thespian's name
        """Answer one message."""
        if not isinstance(msg, ActorExitRequest):
            self.send(sender, msg)


class Counter(Actor):
    """Counts what it is told."""

    count = 0

    def receiveMessage(self, msg: Any, sender: ActorAddress) -> None:  # noqa: N802  Thespian's name
        """Count."""
        if msg == COUNT:
            self.send(sender, self.count)
        elif isinstance(msg, int):
            self.count += msg


class Producer(Actor):
    """Sends its share of a round to the sink it is told."""

    def receiveMessage(self, msg: Any, _sender: ActorAddress) -> None:  # noqa: N802  Thespian's name
        """Send."""
        if isinstance(msg, ActorAddress):
            for _ in range(tells.SHARE):
                self.send(msg, 1)


class Node(Actor):
    """Passes the hops that are left, and who waits for the last, to the next node."""

    following: ActorAddress = None

    def receiveMessage(self, msg: Any, sender: ActorAddress) -> None:  # noqa: N802  Thespian's name
        """Pass it on, or finish; an address is the next node."""
        if isinstance(msg, ActorAddress):
            self.following = msg
            self.send(sender, msg)
        elif isinstance(msg, tuple):
            left, waiting = msg
            if left:
                self.send(self.following, (left - 1, waiting))
            else:
                self.send(waiting, left)
        elif isinstance(msg, int):
            self.send(self.following, (msg - 1, sender))


def _inside(body: Callable[[ActorSystem, int], Readings]) -> Measure:
    def measure(n: int) -> Readings:
        logging.disable(logging.CRITICAL)
        system = ActorSystem("simpleSystemBase", transientUnique=True)
        try:
            return body(system, n)
        finally:
            system.shutdown()

    return measure


def _ask(system: ActorSystem, n: int) -> Readings:
    echo = system.createActor(Echo)
    for value in range(WARM_UP):
        system.ask(echo, value, LONG)
    began = time.perf_counter()
    for value in range(n):
        system.ask(echo, value, LONG)
    return time_of(time.perf_counter() - began, n)


def _tell(system: ActorSystem, n: int) -> Readings:
    bursts, n = in_bursts(n)
    counter = system.createActor(Counter)
    began = time.perf_counter()
    for _ in range(bursts):
        for _ in range(tells.BURST):
            system.tell(counter, 1)
        system.ask(counter, COUNT, LONG)
    seconds = time.perf_counter() - began
    assert system.ask(counter, COUNT, LONG) == n
    return time_of(seconds, n)


def _fan_in(system: ActorSystem, n: int) -> Readings:
    rounds, n = in_shares(n)
    sink = system.createActor(Counter)
    producers = [system.createActor(Producer) for _ in range(tells.PRODUCERS)]
    began = time.perf_counter()
    for _ in range(rounds):
        for producer in producers:
            system.tell(producer, sink)
        system.ask(sink, COUNT, LONG)
    seconds = time.perf_counter() - began
    assert system.ask(sink, COUNT, LONG) == n
    return time_of(seconds, n)


def _ring(system: ActorSystem, n: int) -> Readings:
    nodes = [system.createActor(Node) for _ in range(RING)]
    for node, following in zip(nodes, [*nodes[1:], nodes[0]], strict=True):
        system.ask(node, following, LONG)
    began = time.perf_counter()
    assert system.ask(nodes[0], n, LONG) == 0
    return time_of(time.perf_counter() - began, n)


def _spawn(system: ActorSystem, n: int) -> Readings:
    system.ask(system.createActor(Echo), 0, LONG)
    before = resident_bytes()
    began = time.perf_counter()
    actors = [system.createActor(Echo) for _ in range(n)]
    system.ask(actors[-1], 0, LONG)
    return spawned(time.perf_counter() - began, resident_bytes() - before, n)


MEASURES = {
    "ask": _inside(_ask),
    "tell": _inside(_tell),
    "fan-in": _inside(_fan_in),
    "ring": _inside(_ring),
    "spawn": _inside(_spawn),
}
