"""A run queue for clocks that stand still: the loop gets its turn after so many slices, since no time ends a turn."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from llmactors._scheduler import Scheduler

SLICES: Final = 256  # in a turn of the scheduler


class Turns(deque[Any]):
    """Says now and then that it is empty, so that the scheduler ends its turn, and sees to it that it has another."""

    def __init__(self) -> None:
        super().__init__()
        self._taken = 0

    def popleft(self) -> Any:
        """Return who is next."""
        self._taken += 1
        return super().popleft()

    def __bool__(self) -> bool:
        if self._taken < SLICES or not len(self):
            return len(self) > 0
        self._taken = 0
        scheduler: Scheduler = self[0].scheduler
        scheduler.loop.call_soon(_wake, scheduler, context=scheduler.empty)  # it may have ended its turn by itself
        return False


def _wake(scheduler: Scheduler) -> None:
    if scheduler.asleep and len(scheduler.ready):
        scheduler.arm()
