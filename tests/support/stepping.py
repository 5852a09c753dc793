"""A virtual loop that stops between any two of its steps: where an adversary can act.

Theory of operation
1. A step is one callback of the loop: a step of a task, a turn of the scheduler, a timer. Whatever awaits is suspended
   between two steps, so to act before the k-th step, for every k, is to act at every await there is.
2. A run with the same actions takes the same steps: time is virtual, and nothing else is outside.
3. A loop that would wait for ever, or step for ever, is stuck, and says so.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from virtual import VirtualLoop

R = TypeVar("R")

STEPS = 20_000
"""Steps after which a run is taken for one without end."""


class SteppingLoop(VirtualLoop):
    """A loop that calls *before* with the number of each step, just before it.

    `complaints` are what went to its exception handler.
    """

    def __init__(self, before: Callable[[int], None]) -> None:
        super().__init__()
        self.before = before
        self.step = 0
        self.complaints: list[dict[str, Any]] = []
        self._ready: deque[asyncio.Handle] = _Steps(self)
        self.set_exception_handler(lambda _, context: self.complaints.append(context))

    def timers(self) -> list[asyncio.TimerHandle]:
        """Return the timers that are set."""
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]  # of asyncio's base class
        return [timer for timer in scheduled if not timer.cancelled()]


class _Steps(deque[asyncio.Handle]):
    def __init__(self, loop: SteppingLoop) -> None:
        super().__init__()
        self._loop = loop

    def popleft(self) -> asyncio.Handle:
        loop = self._loop
        loop.step += 1
        if loop.step > STEPS:
            raise RuntimeError(f"{STEPS} steps, and no end")
        loop.before(loop.step)
        return super().popleft()


def run_stepping(main: Callable[[SteppingLoop], Coroutine[Any, Any, R]], before: Callable[[int], None]) -> R:
    """Run *main* on a stepping loop of its own."""
    loop = SteppingLoop(before)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(main(loop))
