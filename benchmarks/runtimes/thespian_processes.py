"""Thespian's `multiprocTCPBase`: one process per actor, TCP on loopback.

Thespian restarts nothing by itself: `Parent` does, when it hears that its child has exited.
"""

import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

from thespian.actors import Actor, ActorAddress, ActorExitRequest, ActorSystem, ChildActorExited

from cases import latency
from cases.kinds import Measure, Readings, time_of
from cases.latency import ROUND, probe_blocking, skewed
from cases.processes import MIB, back_after, echoed, pin, place_client

LONG = 60.0
WARM_UP = 50
PAUSE = 0.001
"""Seconds between two looks whether a child is back."""
LOOK = 20
"""Asks of the quiet actor between two looks at the flood."""
COUNT, PID, CHILD, PIN = "how many", "which process", "which child", "pin"
QUIET = {"version": 1, "disable_existing_loggers": True, "root": {"level": "CRITICAL", "handlers": []}}


class Echo(Actor):
    """Answers with what it was sent, or with its process, or moves to a processor."""

    def receiveMessage(self, msg: Any, sender: ActorAddress) -> None:  # noqa: N802  Thespian's name
        """Answer one message."""
        if isinstance(msg, ActorExitRequest):
            return
        if isinstance(msg, tuple):
            pin(msg[1])
        self.send(sender, os.getpid() if msg == PID else msg)


class Counter(Actor):
    """Counts what it is told, and says once it was enough."""

    count = 0
    awaited: tuple[int, ActorAddress] | None = None

    def receiveMessage(self, msg: Any, sender: ActorAddress) -> None:  # noqa: N802  Thespian's name
        """Count; a list is how many its sender waits for."""
        if isinstance(msg, int):
            self.count += msg
        elif isinstance(msg, list):
            self.awaited = (msg[0], sender)
        elif msg == COUNT:
            self.send(sender, self.count)
        elif isinstance(msg, tuple):
            pin(msg[1])
            self.send(sender, msg)
        if self.awaited is not None and self.count >= self.awaited[0]:
            self.send(self.awaited[1], self.count)
            self.awaited = None


class Producer(Actor):
    """Sends a round to the actor it is told."""

    def receiveMessage(self, msg: Any, _sender: ActorAddress) -> None:  # noqa: N802  Thespian's name
        """Send."""
        if isinstance(msg, ActorAddress):
            for _ in range(ROUND):
                self.send(msg, 1)


class Parent(Actor):
    """Begins its child anew when that has exited."""

    child: ActorAddress = None
    exits = 0

    def receiveMessage(self, msg: Any, sender: ActorAddress) -> None:  # noqa: N802  Thespian's name
        """Answer which child it is, and how many there were before."""
        if isinstance(msg, ChildActorExited):
            self.exits += 1
            self.child = self.createActor(Echo)
        elif msg == CHILD:
            self.child = self.child or self.createActor(Echo)
            self.send(sender, (self.child, self.exits))


def _apart(body: Callable[[ActorSystem, int], Readings]) -> Measure:
    def measure(n: int) -> Readings:
        os.environ["THESPIAN_BASE_IPADDR"] = "127.0.0.1"  # else it speaks on the machine's outward address
        logging.disable(logging.CRITICAL)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        system = ActorSystem("multiprocTCPBase", capabilities={"Admin Port": port}, logDefs=QUIET, transientUnique=True)
        try:
            return body(system, n)
        finally:
            system.shutdown()

    return measure


def _placed(system: ActorSystem, cls: type[Actor]) -> ActorAddress:
    actor = system.createActor(cls)
    system.ask(actor, (PIN, place_client()), LONG)
    return actor


def _ask(system: ActorSystem, n: int) -> Readings:
    echo = _placed(system, Echo)
    for value in range(WARM_UP):
        system.ask(echo, value, LONG)
    began = time.perf_counter()
    for value in range(n):
        system.ask(echo, value, LONG)
    return time_of(time.perf_counter() - began, n)


def _tell(system: ActorSystem, n: int) -> Readings:
    counter = _placed(system, Counter)
    began = time.perf_counter()
    for _ in range(n):
        system.tell(counter, 1)
    assert system.ask(counter, [n], LONG) == n
    return time_of(time.perf_counter() - began, n)


def _echo(system: ActorSystem, n: int) -> Readings:
    echo, data = _placed(system, Echo), os.urandom(MIB)
    assert system.ask(echo, data, LONG) == data
    began = time.perf_counter()
    for _ in range(n):
        system.ask(echo, data, LONG)
    return echoed(time.perf_counter() - began, n)


def _restart(system: ActorSystem, n: int) -> Readings:
    parent = system.createActor(Parent)
    child, exits = system.ask(parent, CHILD, LONG)
    taken = []
    for number in range(n):
        pid = system.ask(child, PID, LONG)
        began = time.perf_counter()
        os.kill(pid, signal.SIGKILL)
        while exits == number:
            child, exits = system.ask(parent, CHILD, LONG)
            time.sleep(PAUSE)
        system.ask(child, number, LONG)
        taken.append(time.perf_counter() - began)
    return back_after(taken)


def _skew(system: ActorSystem, n: int) -> Readings:
    flooded, quiet = system.createActor(Counter), system.createActor(Echo)
    system.ask(quiet, 0, LONG)
    producers = [system.createActor(Producer) for _ in range(latency.PRODUCERS)]
    sent = 0

    def refill(number: int) -> None:
        nonlocal sent
        if number % LOOK == 0 and sent - system.ask(flooded, COUNT, LONG) < latency.PRODUCERS * ROUND // 2:
            for producer in producers:
                system.tell(producer, flooded)
            sent += latency.PRODUCERS * ROUND

    latencies, seconds = probe_blocking(lambda: system.ask(quiet, 1, LONG), n, refill)
    return skewed(latencies, seconds, system.ask(flooded, COUNT, LONG))


MEASURES = {
    "skew": _apart(_skew),
    "process-ask": _apart(_ask),
    "process-tell": _apart(_tell),
    "process-echo": _apart(_echo),
    "process-restart": _apart(_restart),
}
