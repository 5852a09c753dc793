"""Deadlines in virtual time: the wheel turns when something is due, not every few milliseconds of an idle year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmactors._core.deadlines import TICK, time_of
from llmactors._deadlines import Deadlines

if TYPE_CHECKING:
    import asyncio


class SimDeadlines(Deadlines):
    """Turns the wheel at the next deadline; one that is nearer than those before brings that forward.

    Args:
        deadlines: What it takes the place of.
    """

    __slots__ = ("_timer",)

    def __init__(self, deadlines: Deadlines) -> None:
        self._timer: asyncio.TimerHandle | None = None
        super().__init__(deadlines._loop, deadlines._clock, deadlines._context)

    def _none(self) -> None:
        """Say that no ticker is wound, so that `wind` is called for each deadline."""

    def _set(self, ticker: Any) -> None:
        pass

    ticker = property(_none, _set)

    def watch(self, entry: Any) -> None:
        """Watch a deadline."""
        self.young.append(entry)
        self.wind()

    def wind(self) -> None:
        """Have `tick` called when the newest deadline is due."""
        self._wind(time_of(int(self.young[-1].deadline / TICK) + 1))

    def _wind(self, due: float) -> None:
        if self.closed or (self._timer is not None and self._timer.when() <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(due, self.tick, context=self._context)

    def tick(self) -> None:
        """Expire what is due."""
        self._timer = None
        try:
            for entry in self._wheel.expire(self._clock()):
                entry.expired()
        finally:
            earliest = self._wheel.earliest()
            if earliest is not None:
                self._wind(earliest)

    def close(self) -> None:
        """Stop for good."""
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()
