"""What is unusual about a cell: looked at before its slice, when any of its flags is set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmactors import _lanes as lanes
from llmactors import _lives as lives
from llmactors import _slots as slots
from llmactors._core.flags import (
    DRAINING,
    GATE,
    GATED,
    HELD,
    OVER,
    REMOTE,
    REQUEUED,
    SIGNALS,
    SORTED,
    STARTING,
    STOPPING,
    WAITERS,
    WATCHED,
)

if TYPE_CHECKING:
    from llmactors._ref import ActorRef


def attend(cell: ActorRef[Any]) -> bool:  # noqa: C901  a call costs, an if does not
    """Look at a cell's flags, signals first; False when it has no message to handle now."""
    if cell.flags & SIGNALS:
        lives.on_signals(cell)
        if not cell.flags:
            if cell.inbox:
                return True
            cell.scheduler.idle(cell)
            return False
    if cell.flags & SORTED:
        lanes.take_in(cell)
    flags = cell.flags
    if flags & (STOPPING | DRAINING) and not flags & (OVER | STARTING):
        lives.stop_when_free(cell)
        flags = cell.flags
    if flags & HELD:
        return False
    if flags & REMOTE:
        lives.forward(cell)
        return False
    if flags & WAITERS:
        slots.admit(cell)
    if not (cell.inbox or flags & REQUEUED or (flags & SORTED and slots.queued(cell))):
        cell.scheduler.idle(cell)
        if flags & WATCHED and cell.extra is not None and cell.extra.on_idle is not None:
            cell.extra.on_idle()
        return False
    if flags & GATE and not ask_gate(cell):
        return False
    if flags & REQUEUED:
        slots.take_requeued(cell)
    return not flags & SORTED or bool(cell.inbox) or lives.choose(cell)


def ask_gate(cell: ActorRef[Any]) -> bool:
    """Ask the owner's gate for the go-ahead; a cell that does not get it is held until the time it names."""
    scheduler = cell.scheduler
    until = lives.go_ahead(cell, scheduler.clock())
    if until is None:
        return True
    cell.flags |= GATED
    delay = max(0.0, until - scheduler.clock())
    cell.need_extra().gate_timer = scheduler.loop.call_later(delay, _ungate, cell)
    return False


def _ungate(cell: ActorRef[Any]) -> None:
    cell.need_extra().gate_timer = None
    cell.flags &= ~GATED
    cell.scheduler.requeue(cell)
