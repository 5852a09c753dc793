"""Timers that are due at the same virtual time fire in the order in which they were set, as real ones do."""

from __future__ import annotations

import asyncio
from heapq import heappush
from itertools import count
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context

_NUMBERS: Final = count()


class TimerHandle(asyncio.TimerHandle):
    """A timer that knows when it was set, beside when it is due."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._number = next(_NUMBERS)

    def __lt__(self, other: Any) -> bool:
        return (self.when(), self._number) < (other.when(), other._number)

    __hash__ = asyncio.TimerHandle.__hash__


class InOrder(asyncio.BaseEventLoop):
    """A loop of asyncio's whose heap of timers is stable: real time never stands still between two, this one does."""

    def call_at(  # type: ignore[override]  # any callback will do
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Have *callback* called at a virtual time."""
        loop: Any = self
        loop._check_closed()
        timer = TimerHandle(when, callback, args, self, context)
        heappush(loop._scheduled, timer)
        timer._scheduled = True  # type: ignore[attr-defined]  # as asyncio's own does
        return timer
