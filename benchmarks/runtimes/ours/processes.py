"""llmactors' actors in a worker process."""

import asyncio
import os
import signal
import time

from llmactors import Actor, ActorSystem, Mailbox, message
from llmactors.errors import ActorEndedError
from llmactors.hosts import Process
from supervisors import Intensity, Supervisor, child

from cases.kinds import Readings, time_of
from cases.processes import LONG, MIB, TURN, WARM_UP, back_after, echoed, pin, place_client
from runtimes.ours.program import program

__fork_safe__ = True


class Worker(Actor):
    """Answers, counts, and says where it is."""

    mailbox = Mailbox(capacity=10_000_000)

    def __init__(self, processor: int) -> None:
        pin(processor)
        self._count = 0
        self._data = os.urandom(MIB)

    @message
    def echo(self, value: int) -> int:
        """Answer."""
        return value

    @message
    def echo_bytes(self, data: bytes) -> bytes:
        """Answer with many bytes."""
        return data

    @message
    def swap(self, data: bytes) -> bytes:
        """Answer with as many other bytes."""
        return self._data[: len(data)]

    @message
    def add(self, amount: int) -> None:
        """Count."""
        self._count += amount

    @message
    def total(self) -> int:
        """Answer how many it was."""
        return self._count

    @message
    def pid(self) -> int:
        """Answer which process it is in."""
        return os.getpid()


async def _ask(system: ActorSystem, n: int) -> Readings:
    worker = await system.spawn(Worker, place_client(), host=Process())
    for value in range(WARM_UP):
        await worker.ask(Worker.echo(value))
    began = time.perf_counter()
    for value in range(n):
        await worker.ask(Worker.echo(value))
    return time_of(time.perf_counter() - began, n)


async def _tell(system: ActorSystem, n: int) -> Readings:
    worker = await system.spawn(Worker, place_client(), host=Process())
    await worker.ask(Worker.total())
    began = time.perf_counter()
    for number in range(n):
        worker.tell(Worker.add(1))
        if number % TURN == 0:
            await asyncio.sleep(0)
    assert await worker.ask(Worker.total(), timeout=LONG) == n
    return time_of(time.perf_counter() - began, n)


async def _echo(system: ActorSystem, n: int) -> Readings:
    worker = await system.spawn(Worker, place_client(), host=Process())
    data = os.urandom(MIB)
    for _ in range(5):
        assert await worker.ask(Worker.echo_bytes(data)) == data
    began = time.perf_counter()
    for _ in range(n):
        await worker.ask(Worker.echo_bytes(data))
    return echoed(time.perf_counter() - began, n)


async def _swap(system: ActorSystem, n: int) -> Readings:
    worker = await system.spawn(Worker, place_client(), host=Process())
    data = os.urandom(MIB)
    for _ in range(5):
        assert await worker.ask(Worker.swap(data)) != data
    began = time.perf_counter()
    for _ in range(n):
        await worker.ask(Worker.swap(data))
    return echoed(time.perf_counter() - began, n)


class Tree(Supervisor):
    """Brings the worker back however often its process is killed."""

    intensity = Intensity(1_000_000, within=5.0)

    def __init__(self, processor: int) -> None:
        super().__init__([child(Worker, processor, name="worker", host=Process())])


async def _restart(system: ActorSystem, n: int) -> Readings:
    await system.spawn(Tree, place_client(), name="tree")
    worker = system.ref("tree/worker")
    taken = []
    for _ in range(n):
        before = await worker.ask(Worker.pid())
        began = time.perf_counter()
        os.kill(before, signal.SIGKILL)
        after = before
        while after == before:
            try:
                after = await worker.ask(Worker.pid())
            except ActorEndedError:  # it was asked before its end was seen
                await asyncio.sleep(0)
        taken.append(time.perf_counter() - began)
    return back_after(taken)


MEASURES = {
    "process-ask": program(_ask),
    "process-tell": program(_tell),
    "process-echo": program(_echo),
    "process-swap": program(_swap),
    "process-restart": program(_restart),
}
