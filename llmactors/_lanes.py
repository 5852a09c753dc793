"""Mailboxes with priorities or a time to live: the slow path of a full mailbox, taken for every message.

Theory of operation
1. Such a cell has the flag SORTED for good and a capacity of -1, so that `tell` and `ask` find it full unless it is
   idle, and come here. An ordinary mailbox pays nothing: neither a test nor a field.
2. Messages wait in a lane, with the time of their arrival. What found the cell idle waits in the inbox until the cell's
   turn, a moment later, moves it here.
3. Each turn of the cell chooses one message and puts it into the empty inbox, for the slice to take.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmactors import _slots as slots
from llmactors._core.flags import SORTED
from llmactors._core.lane import Lane, UnrankedError
from llmactors._messages import Down, Due, Exited, name_of
from llmactors._streams import message_of
from llmactors.errors import AskTimeoutError, MailboxFullError

if TYPE_CHECKING:
    from llmactors._ref import ActorRef


def sort(cell: ActorRef[Any]) -> None:
    """Let the messages of *cell* wait as its mailbox declares, from now on."""
    extra, mailbox = cell.extra, slots.mailbox_of(cell)
    if mailbox.plain and (extra is None or extra.lane is None):
        slots.set_capacity(cell)
        return
    extra = cell.need_extra()
    waiting = extra.lane.clear() if extra.lane else []
    if mailbox.plain:
        extra.lane = None
        cell.flags &= ~SORTED
    else:
        extra.lane = Lane(mailbox.ttl)
        cell.flags |= SORTED
    if waiting:
        cell.inbox = cell.inbox or cell.scheduler.new_inbox()
        cell.inbox.extendleft(reversed(waiting))
    slots.set_capacity(cell)


def accept(cell: ActorRef[Any], item: Any) -> bool:
    """Let *item* wait if there is room, or if what has waited too long makes some."""
    _sort_in(cell)
    if not slots.has_room(cell):
        expire(cell)
        if not slots.has_room(cell):
            return False
    add(cell, item)
    return True


def add(cell: ActorRef[Any], item: Any) -> None:
    """Let *item* wait."""
    lane = cell.need_extra().lane
    assert lane is not None
    lane.add(item, cell.scheduler.clock(), lasting=isinstance(item, (Down, Due, Exited)))


def take_in(cell: ActorRef[Any]) -> None:
    """Move what waits in the inbox to the lane, and bury what has waited too long."""
    _sort_in(cell)
    expire(cell)


def _sort_in(cell: ActorRef[Any]) -> None:
    """Move what found the cell idle to the lane: before what comes after it."""
    inbox = cell.inbox
    while inbox:
        add(cell, inbox.popleft())


def expire(cell: ActorRef[Any]) -> None:
    """Bury what has waited too long."""
    lane = cell.need_extra().lane
    if lane is not None and lane.ttl is not None:
        for item in lane.expire(cell.scheduler.clock()):
            slots.reject(cell, item, "expired", AskTimeoutError(cell.path, name_of(message_of(item)), lane.ttl))


def rank(cell: ActorRef[Any]) -> tuple[BaseException, Any] | None:
    """Put what is new in its place. Where its priority raised: return the error and the message."""
    lane, priority = cell.need_extra().lane, slots.mailbox_of(cell).priority
    assert lane is not None
    try:
        lane.rank(None if priority is None else lambda item: priority(message_of(item)))
    except UnrankedError as unranked:
        return unranked.error, unranked.item
    return None


def choose(cell: ActorRef[Any]) -> tuple[BaseException, Any] | None:
    """Put the next message into the inbox. Where a priority raised: return the error and the message."""
    lane, inbox = cell.need_extra().lane, cell.inbox
    refused = rank(cell)
    if refused is None and lane and inbox is not None:
        inbox.append(lane.take())
    return refused


def next_class(cell: ActorRef[Any]) -> type:
    """Return the class of the next message of those that are ranked; that of None if none is."""
    lane = cell.need_extra().lane
    item = None if lane is None else lane.peek()
    kind: type = message_of(item).__class__
    return kind


def take_if(cell: ActorRef[Any], message_class: type) -> list[Any]:
    """Take the next message if it is of that class and its turn was chosen with the others; nothing otherwise."""
    lane = cell.need_extra().lane
    return [lane.take()] if lane is not None and next_class(cell) is message_class else []


def drop_oldest(cell: ActorRef[Any]) -> bool:
    """Make room; notices, which take none, stay. False when nothing else waits."""
    lane = cell.need_extra().lane
    dropped = [] if lane is None else lane.drop_oldest()
    for item in dropped:
        slots.reject(cell, item, "dropped", MailboxFullError(cell.path, slots.capacity_of(cell)))
    return bool(dropped)


def forget_notices(cell: ActorRef[Any]) -> None:
    """Drop the notices among what waits."""
    lane = cell.need_extra().lane
    if lane is not None:
        lane.forget_lasting()
