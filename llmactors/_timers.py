"""Timers: what an incarnation will send or call. They end with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmactors import _ends as ends
from llmactors import _slots as slots
from llmactors._exits import Crash
from llmactors._messages import Due

if TYPE_CHECKING:
    from asyncio import TimerHandle

    from llmactors._ref import ActorRef


class Timer:
    """A message that will be sent. It belongs to the incarnation that asked for it."""

    __slots__ = ("_cell", "_handle", "_message", "_to")

    def __init__(self, cell: ActorRef[Any], delay: float, message: Any, to: ActorRef[Any]) -> None:
        self._cell, self._message, self._to = cell, message, to
        self._handle: TimerHandle | None = cell.scheduler.loop.call_later(delay, self._fire)

    def _fire(self) -> None:
        self.cancel()
        if isinstance(self._message, Due):
            slots.notice(self._to, self._message)
        else:
            self._to.tell(self._message)

    def cancel(self) -> None:
        """Take the message back, if it has not been sent. Cancelling twice does nothing."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
            extra = self._cell.extra
            if extra is not None and extra.timers is not None:
                extra.timers.discard(self)


class Call(Timer):
    """A call that will be made, outside any handler. What it raises ends the actor that asked for it."""

    __slots__ = ()

    def _fire(self) -> None:
        self.cancel()
        try:
            self._message()
        except BaseException as error:
            ends.end(self._cell, Crash(error))
            if isinstance(error, KeyboardInterrupt):
                raise
