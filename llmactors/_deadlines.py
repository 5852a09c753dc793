"""Deadlines of asks, streams and handlers: one timer a tick for all of them, and none while nobody waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmactors._core.deadlines import TICK, Deadline, Wheel

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from contextvars import Context


class Deadlines:
    """Turns a wheel by the loop's timers."""

    __slots__ = ("_clock", "_context", "_loop", "_wheel", "closed", "ticker", "young")

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Callable[[], float], context: Context) -> None:
        self._loop, self._clock, self._context = loop, clock, context
        self._wheel = Wheel()
        self.young: list[Deadline] = self._wheel.young
        self.ticker: asyncio.TimerHandle | None = None
        self.closed = False

    def watch(self, entry: Deadline) -> None:
        """Watch a deadline."""
        self.young.append(entry)
        if self.ticker is None:
            self.wind()

    def wind(self) -> None:
        """Have `tick` called."""
        if not self.closed:
            self.ticker = self._loop.call_later(TICK, self.tick, context=self._context)

    def tick(self) -> None:
        """Expire what is due."""
        self.ticker = None
        try:
            for entry in self._wheel.expire(self._clock()):
                entry.expired()
        finally:
            if self._wheel and self.ticker is None:
                self.wind()

    def close(self) -> None:
        """Stop for good."""
        self.closed = True
        if self.ticker is not None:
            self.ticker.cancel()
            self.ticker = None
