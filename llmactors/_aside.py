"""Messages put aside and brought back, and what an actor sends itself: the front of the mailbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmactors import _slots as slots
from llmactors._batch import parts_of
from llmactors._messages import InHand
from llmactors.errors import MailboxFullError

if TYPE_CHECKING:
    from llmactors._ref import ActorRef


def stash(cell: ActorRef[Any], item: Any) -> None:
    """Put a message aside, until `unstash`. As many find room there as in the mailbox."""
    extra = cell.need_extra()
    if extra.stashed is None:
        extra.stashed = []
    again = extra.again
    deliveries = again.deliveries if again is not None and again.item is item else 0
    for part in parts_of(item):
        if len(extra.stashed) >= slots.capacity_of(cell):
            slots.reject(cell, part, "full", MailboxFullError(cell.path, slots.capacity_of(cell)))
        else:
            extra.stashed.append(InHand(part, deliveries))


def unstash(cell: ActorRef[Any]) -> None:
    """Move what was put aside to the front of the mailbox, the oldest first."""
    extra = cell.extra
    if extra is not None and extra.stashed:
        stashed, extra.stashed = extra.stashed, None
        insert(cell, stashed)


def bring_back(cell: ActorRef[Any]) -> None:
    """At the end of an incarnation: what is aside goes back, and came before what its one handler had in hand."""
    extra = cell.need_extra()
    extra.older = len(extra.stashed or ()) if cell.handlers.concurrency == 1 else 0
    unstash(cell)


def give_back(cell: ActorRef[Any], in_hand: list[InHand]) -> None:
    """Put what an incarnation had in hand back to the front of its mailbox, behind what it had put aside before."""
    extra = cell.need_extra()
    older, extra.older = extra.older, 0
    if extra.requeued is not None:
        extra.requeued.rotate(-older)
    slots.requeue(cell, in_hand)
    if extra.requeued is not None:
        extra.requeued.rotate(older)


def insert(cell: ActorRef[Any], messages: list[InHand], *, behind: bool = False) -> None:
    """Put messages in front of the mailbox, in order; they need no room. *behind*: after what was put there before."""
    if not messages:
        return
    idle = cell.inbox is None
    slots.requeue(cell, messages)
    extra = cell.need_extra()
    if behind and extra.requeued is not None:
        extra.requeued.rotate(-len(messages))
    if idle:
        cell.scheduler.requeue(cell)
