"""A measurement as a program: under `ActorSystem.run`, with the watchdog and the garbage collection it ships with."""

import asyncio
import logging
from collections.abc import Callable, Coroutine

from llmactors import Actor, ActorSystem
from llmactors._ports import Ports
from llmactors._run import run

from cases.kinds import Measure, Readings

Body = Callable[[ActorSystem, int], Coroutine[None, None, Readings]]
BOOT = 0.02
"""Seconds that the system has to come up and go to rest before the measurement."""
QUEUED = Ports(credit=0)
"""Sends every ask through the run queue."""


class Driver(Actor):
    """The root: measures on the loop, outside every actor, and then ends the program."""

    def __init__(self, body: Body, n: int, outcome: "asyncio.Queue[Readings | BaseException]") -> None:
        self._body, self._n, self._outcome = body, n, outcome

    def on_start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._drive())

    async def _drive(self) -> None:
        try:
            await asyncio.sleep(BOOT)
            self._outcome.put_nowait(await self._body(self.context.system, self._n))
        except BaseException as error:  # noqa: BLE001  raised from the program
            self._outcome.put_nowait(error)
        finally:
            self.context.self_ref.stop()


def program(body: Body, ports: Ports | None = None) -> Measure:
    """Return what measures *body* as a program of its own."""

    def measure(n: int) -> Readings:
        logging.disable(logging.CRITICAL)
        outcome: asyncio.Queue[Readings | BaseException] = asyncio.Queue()
        run(ActorSystem(Driver, body, n, outcome, ports=ports))  # what `ActorSystem.run` does, with ports
        readings = outcome.get_nowait()
        if isinstance(readings, BaseException):
            raise readings
        return readings

    return measure
