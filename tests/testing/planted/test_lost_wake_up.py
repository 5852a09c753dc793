"""A lost wake-up on restart: a queue believes that its worker is at work, but that one has begun anew."""

import asyncio
from collections import deque

from planting import TWINS, is_found

from llmactors import Actor, message
from llmactors.testing import Faults, World, simulate
from supervisors import Intensity, Supervisor, child


class Queue(Actor):
    """Wakes its worker when there is something to do, unless it is at work."""

    def __init__(self) -> None:
        self.waiting: deque[int] = deque()
        self.done: list[int] = []
        self.at_work = False

    @message
    def put(self, job: int) -> None:
        self.waiting.append(job)
        if not self.at_work:
            self.at_work = True
            self.context.ref("worker").tell(Worker.wake())

    @message
    def next(self) -> int | None:
        self.at_work = bool(self.waiting)
        return self.waiting[0] if self.waiting else None

    @message
    def finished(self, job: int) -> None:
        if self.waiting and self.waiting[0] == job:
            self.done.append(self.waiting.popleft())


class Worker(Actor):
    """Sleeps until it is woken. One that begins anew sleeps, too: that is the bug."""

    @message
    async def wake(self) -> None:
        queue = self.context.ref("queue")
        while (job := await queue.ask(Queue.next())) is not None:
            await asyncio.sleep(0.1)
            await queue.ask(Queue.finished(job))


class Waking(Worker):
    """Looks whether there is something to do as soon as it is there."""

    def on_start(self) -> None:
        self.context.self_ref.tell(Worker.wake())


class App(Supervisor):
    intensity = Intensity(10, within=5.0)
    queue = child(Queue)
    worker = child(Worker)


class Correct(App):
    worker = child(Waking)


async def every_job_is_done(world: World) -> None:
    queue = world.ref("/queue")
    for job in range(5):
        queue.tell(Queue.put(job))
        await world.advance(0.15)
    await world.heal()
    await world.eventually("every job is done", lambda: queue.actor.done == list(range(5)))


FAULTS = Faults(kill="/worker", rate=0.05)


def test_a_wake_up_that_a_restart_loses_is_found() -> None:
    is_found(simulate(App, faults=FAULTS)(every_job_is_done), "the test passes")


test_a_worker_that_looks_at_once_loses_none = simulate(Correct, faults=FAULTS, runs=TWINS)(every_job_is_done)
