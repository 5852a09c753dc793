"""Pause and resume: no user code runs between them but `on_stop`."""

from __future__ import annotations

from asyncio import CancelledError
from typing import TYPE_CHECKING, Any

from llmactors._core.flags import DEAD, ENDED, PAUSED

if TYPE_CHECKING:
    from asyncio import Future

    from llmactors._ref import ActorRef


def pause(cell: ActorRef[Any]) -> None:
    """Hold the actor's messages back; for a supervisor: those of its subtree."""
    if not cell.handlers.pausable:
        extra = cell.need_extra()
        extra.pause_children = True
        for child in list((extra.children or {}).values()):
            pause(child)
    elif not cell.flags & (PAUSED | DEAD):
        cell.flags |= PAUSED
        if cell.inbox is None:
            cell.inbox = cell.scheduler.new_inbox()
        if not cell.flags & ENDED:
            cell.handlers.host.pause(cell)


def resume(cell: ActorRef[Any]) -> None:
    """Take a pause back."""
    extra = cell.need_extra()
    if not cell.handlers.pausable:
        extra.pause_children = False
        for child in list((extra.children or {}).values()):
            resume(child)
    elif cell.flags & PAUSED:
        cell.flags &= ~PAUSED
        if not cell.flags & ENDED:
            cell.handlers.host.resume(cell)
        press, extra.press = extra.press, None
        if press is not None:
            cell.signal(press)
        waiting, extra.resumed = extra.resumed or [], None
        for future in waiting:
            if not future.done():
                future.set_result(None)
        cell.scheduler.requeue(cell)
    elif not cell.flags & DEAD:
        cell.handlers.host.resume(cell)  # it may have been told of a pause that was taken back before it was in force


async def while_paused(cell: ActorRef[Any]) -> None:
    """Wait, in a handler of that actor, until nobody has it paused."""
    while cell.flags & PAUSED:
        extra = cell.need_extra()
        if extra.resumed is None:
            extra.resumed = []
        future: Future[None] = cell.scheduler.loop.create_future()
        extra.resumed.append(future)
        try:
            await future
        except CancelledError:
            if extra.resumed is not None:
                extra.resumed.remove(future)
            raise
