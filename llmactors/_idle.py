"""Actors that want to know when nobody has sent them anything for a while (OTP's time-out of a server).

Theory of operation
1. A class that declares `idle_timeout` has a table whose calls write down when a message came, and when its handler was
   over. Other classes pay for nothing.
2. One timer an incarnation looks, when it could be time, whether it is; if not, it looks again when it could be.
3. The notice is put in only while nothing waits and nothing is in hand, so any message that came first cancels it. It
   is nothing to another incarnation. Then the time begins anew. Time in which the actor is held (paused, throttled)
   does not count.
"""

from __future__ import annotations

from types import CoroutineType
from typing import TYPE_CHECKING, Any

from llmactors import _slots as slots
from llmactors._core.flags import HELD
from llmactors._messages import Idle
from llmactors._timers import Timer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from llmactors._ref import ActorRef
    from llmactors._table import Table

    Call = Callable[[Any, Any], Any]


def adapt(table: Table) -> None:
    """Have the calls of *table* write down when messages came."""
    for cls, call in list(table.items()):
        table[cls] = _heard(call)
    table.missing = _heard(table.missing)
    receive = table.missing
    table[Idle] = lambda actor, notice: receive(actor, notice) if notice.life is actor else None


def _heard(call: Call) -> Call:
    def called(actor: Any, message: Any) -> Any:
        _write_down(actor)
        answer = call(actor, message)
        return _finished(answer, actor) if answer.__class__ is CoroutineType else answer

    return called


async def _finished(rest: Coroutine[Any, Any, Any], actor: Any) -> Any:
    try:
        return await rest
    finally:
        _write_down(actor)


def _write_down(actor: Any) -> None:
    cell: ActorRef[Any] = actor._cell
    cell.need_extra().heard_at = cell.scheduler.clock()


def watch(cell: ActorRef[Any], seconds: float) -> None:
    """Begin to look whether the incarnation that is up now is idle."""
    extra = cell.need_extra()
    extra.heard_at = cell.scheduler.clock()
    if extra.timers is None:
        extra.timers = set()
    extra.timers.add(_IdleTimer(cell, seconds))


class _IdleTimer(Timer):
    """Looks whether an incarnation is idle; ends with it."""

    __slots__ = ("_actor", "_seconds")

    def __init__(self, cell: ActorRef[Any], seconds: float) -> None:
        self._actor, self._seconds = cell.actor, seconds
        super().__init__(cell, seconds, None, cell)

    def _fire(self) -> None:
        cell, extra, seconds = self._cell, self._cell.need_extra(), self._seconds
        now = cell.scheduler.clock()
        left = extra.heard_at + seconds - now
        if cell.flags & HELD or extra.jobs or cell.inbox is not None or slots.queued(cell):
            left = seconds
        elif left <= 0:
            left, extra.heard_at = seconds, now
            cell.inbox = cell.scheduler.new_inbox()
            cell.inbox.append(Idle(seconds, self._actor))
            cell.scheduler.enqueue(cell)
        self._handle = cell.scheduler.loop.call_later(left, self._fire)
