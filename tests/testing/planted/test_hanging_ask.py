"""An ask that hangs when its target dies between two awaits: whoever promised an answer waits for the dead."""

import asyncio
from typing import Any

from planting import TWINS, is_found

from llmactors import Actor, Down, Later, message
from llmactors.errors import ActorEndedError
from llmactors.testing import At, Faults, World, simulate
from supervisors import Intensity, Supervisor, child


class Printer(Actor):
    """Prints in two steps, and says when it is done."""

    @message
    async def print(self, job: int) -> None:
        await asyncio.sleep(0.1)
        await asyncio.sleep(0.1)
        self.context.ref("clerk").tell(Clerk.printed(job))


class JobLostError(Exception):
    """The printer failed with a job in hand."""


class Clerk(Actor):
    """Promises an answer for each job, and gives it when the printer is done."""

    def __init__(self) -> None:
        self.promised: dict[int, Later[str]] = {}

    @message(timeout=3600.0, raises=(JobLostError,))
    def order(self, job: int) -> Later[str]:
        later = self.promised[job] = Later()
        self.watch()
        self.context.ref("printer").tell(Printer.print(job))
        return later

    def watch(self) -> None:
        """Look after nothing: that is the bug."""

    @message
    def printed(self, job: int) -> None:
        self.promised.pop(job).answer(f"{job} is printed")


class WatchfulClerk(Clerk):
    """Hears of the printer's end, and says so to those who wait."""

    def watch(self) -> None:
        self.context.monitor(self.context.ref("printer"))

    def receive(self, message: Any) -> None:
        match message:
            case Down():
                for later in self.promised.values():
                    later.fail(JobLostError("the printer has failed: order again"))
                self.promised.clear()


class App(Supervisor):
    intensity = Intensity(10, within=5.0)
    printer = child(Printer)
    clerk = child(Clerk)


class Correct(App):
    clerk = child(WatchfulClerk)


async def order(world: World, job: int) -> str:
    while True:
        try:
            return await world.ask("/clerk", Clerk.order(job))
        except (JobLostError, ActorEndedError):
            await world.advance(1.0)


async def every_order_is_answered(world: World) -> None:
    for job in range(3):
        ordered = asyncio.create_task(order(world, job), name=f"order {job}")
        assert await world.settle([ordered], within=60.0) == [f"{job} is printed"]
    await world.heal()


FAULTS = Faults(kill=At(Printer, when="await"), rate=0.05)


def test_an_ask_that_hangs_is_found() -> None:
    is_found(simulate(App, faults=FAULTS)(every_order_is_answered), "the test passes")


test_a_clerk_that_watches_answers_every_order = simulate(Correct, faults=FAULTS, runs=TWINS)(every_order_is_answered)
