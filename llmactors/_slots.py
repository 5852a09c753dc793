"""Slots: what outlives an incarnation. The mailbox and who waits for it, and giving the slot up."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any, Final

from llmactors import _batches as batches
from llmactors import _lanes as lanes
from llmactors import _reckoning as reckoning
from llmactors._asks import Ask
from llmactors._batch import Batch
from llmactors._carried import put_back
from llmactors._core.flags import (
    BATCH,
    DEAD,
    DRAINING,
    ENDED,
    GATE,
    OVER,
    REMOTE,
    REQUEUED,
    SHUT,
    SORTED,
    WAITERS,
    WATCHED,
)
from llmactors._core.mailbox import Verdict, on_full
from llmactors._exits import Killed, error_of
from llmactors._messages import Down, Due, Exited, InHand, Inserted
from llmactors._signals import Kill
from llmactors._streams import Flow, message_of
from llmactors.errors import ActorEndedError, MailboxFullError

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable

    from llmactors._core.mailbox import Mailbox
    from llmactors._exits import Exit
    from llmactors._ref import ActorRef
    from llmactors._usage import Usage

CLOSED: Final[deque[Any]] = deque(maxlen=0)
"""The inbox of every discarded slot: nothing is ever put in."""


# -- the mailbox ---------------------------------------------------------------------------------------------
def set_capacity(cell: ActorRef[Any]) -> None:
    """Work the capacity out anew: none in a discarded or draining slot, none for others while a sender waits."""
    extra = cell.extra
    base = capacity_of(cell)
    if cell.flags & (BATCH | DEAD | DRAINING | SORTED) or (extra is not None and extra.waiters):
        cell.capacity = -1
    else:
        cell.capacity = base + (0 if extra is None else extra.notices)


def capacity_of(cell: ActorRef[Any]) -> int:
    """Return the declared capacity of a mailbox."""
    return mailbox_of(cell).capacity


def mailbox_of(cell: ActorRef[Any]) -> Mailbox:
    """Return what is declared: with the slot, else by the class."""
    extra = cell.extra
    return cell.handlers.mailbox if extra is None or extra.mailbox is None else extra.mailbox


def queued(cell: ActorRef[Any]) -> int:
    """Return how many messages wait, notices included."""
    extra, waiting = cell.extra, 0 if cell.inbox is None else len(cell.inbox)
    if extra is None:
        return waiting
    return waiting + len(extra.lane or ()) + (0 if extra.batch is None else len(extra.batch.items))


def waiting(cell: ActorRef[Any]) -> int:
    """Return how many messages wait, those included that a worker process has and has not begun."""
    host: Any = cell.handlers.host
    return queued(cell) + (host.waiting(cell) if cell.flags & REMOTE else 0)


def has_room(cell: ActorRef[Any]) -> bool:
    """Say whether the mailbox would take a message now."""
    extra, notices = cell.extra, 0 if cell.extra is None else cell.extra.notices
    if cell.flags & (DEAD | DRAINING) or (extra is not None and extra.waiters):
        return False
    return cell.inbox is None or bool(cell.flags & BATCH) or queued(cell) < capacity_of(cell) + notices


def overflow(cell: ActorRef[Any], item: Any) -> bool:
    """A message found no room: refuse it, or drop one. Return whether *item* was accepted."""
    extra = cell.extra
    if cell.flags & (DEAD | DRAINING):
        reject(cell, item, "discarded" if cell.flags & DEAD else "ended", ended_error(cell, exit_of(cell)))
        return False
    if cell.flags & BATCH:
        batches.join(cell, item)
        return True
    if cell.flags & SORTED and lanes.accept(cell, item):
        return True
    verdict = on_full(mailbox_of(cell).overflow, waiting_senders=bool(extra and extra.waiters), empty=not queued(cell))
    if verdict is Verdict.DROP_OLD and (lanes.drop_oldest(cell) if cell.flags & SORTED else _drop_oldest(cell)):
        assert cell.inbox is not None
        if cell.flags & SORTED:
            lanes.add(cell, item)
            return True
        cell.inbox.append(item)
        return True
    reason = "dropped" if verdict is Verdict.DROP_NEW else "full"
    reject(cell, item, reason, MailboxFullError(cell.path, capacity_of(cell)))
    return False


def _drop_oldest(cell: ActorRef[Any]) -> bool:
    """Make room; notices, which take none, stay. False when nothing else waits."""
    inbox = cell.inbox
    for place, old in enumerate(inbox or ()):
        if inbox is not None and not isinstance(old, (Batch, Down, Due, Exited, Inserted)):
            del inbox[place]
            reject(cell, old, "dropped", MailboxFullError(cell.path, capacity_of(cell)))
            return True
    return False


def ended_error(cell: ActorRef[Any], exit: Exit | None) -> ActorEndedError:
    """Make the error for those who waited for this actor, its cause the error that ended it."""
    error = ActorEndedError(cell.path, exit)
    error.__cause__ = None if exit is None else error_of(exit)
    return error


def exit_of(cell: ActorRef[Any]) -> Exit | None:
    """Return how the last life in the slot ended, if one did."""
    return None if cell.extra is None else cell.extra.exit


def reject(cell: ActorRef[Any], item: Any, reason: str, error: Exception) -> None:
    """A message will not be handled: count it, and tell whoever waits for its answer."""
    if isinstance(item, (Ask, Flow)):
        if not item.pending():
            return
        item.fail(error)
    item = message_of(item)
    if not isinstance(item, (Down, Due, Exited, Inserted)):
        cell.system.dead_letter(item, cell, reason)


def notice(cell: ActorRef[Any], item: Down | Due | Exited) -> None:
    """Put a notice into the mailbox: it is never refused, and takes up no room."""
    if cell.flags & OVER:
        return
    cell.need_extra().notices += 1
    set_capacity(cell)
    if cell.inbox is None:
        cell.inbox = cell.scheduler.new_inbox()
        cell.inbox.append(item)
        cell.scheduler.enqueue(cell)
    else:
        cell.inbox.append(item)


def took_notice(cell: ActorRef[Any]) -> None:
    """A notice has left the mailbox."""
    extra = cell.need_extra()
    extra.notices = max(0, extra.notices - 1)  # one that is delivered again was counted already
    set_capacity(cell)


def forget_notices(cell: ActorRef[Any]) -> None:
    """Notices belong to the incarnation that asked for them: drop what the next one did not ask for."""
    extra = cell.need_extra()
    if extra.notices and cell.inbox:
        kept = [item for item in cell.inbox if not isinstance(item, (Down, Due, Exited))]
        cell.inbox.clear()
        cell.inbox.extend(kept)
    if extra.notices and extra.lane:
        lanes.forget_notices(cell)
    extra.notices = 0
    set_capacity(cell)


async def wait_for_room(cell: ActorRef[Any], item: Any, timeout: float | None) -> None:
    """Wait until there is room for *item* and it is in; first come, first served.

    Raises:
        ActorEndedError: The slot was discarded.
        TimeoutError: There was no room within *timeout* seconds.
    """
    extra, loop = cell.need_extra(), cell.scheduler.loop
    future: Future[bool] = loop.create_future()
    if extra.waiters is None:
        extra.waiters = OrderedDict()
    extra.waiters[future] = item
    cell.flags |= WAITERS
    set_capacity(cell)
    timer = None if timeout is None else loop.call_later(timeout, _no_room, cell, future, timeout)
    try:
        await future
    finally:
        if timer is not None:
            timer.cancel()
        if future.cancelled():
            _left(cell, future)


def _no_room(cell: ActorRef[Any], future: Future[bool], timeout: float) -> None:
    if not future.done():
        future.set_exception(TimeoutError(f"mailbox of `{cell.path}` had no room within {timeout:g} s"))
        _left(cell, future)


def _left(cell: ActorRef[Any], future: Future[bool]) -> None:
    """A sender waits no more: forget it and its message; without others the mailbox is open again."""
    extra = cell.need_extra()
    if extra.waiters is not None:
        extra.waiters.pop(future, None)
    if not extra.waiters and not cell.flags & DEAD:
        extra.waiters = None
        cell.flags &= ~WAITERS
        set_capacity(cell)


def admit(cell: ActorRef[Any]) -> None:
    """Let senders in that wait, as far as there is room."""
    extra, inbox = cell.need_extra(), cell.inbox
    waiters = extra.waiters
    limit = capacity_of(cell) + extra.notices
    while waiters and inbox is not None and queued(cell) < limit:
        future, item = waiters.popitem(last=False)
        if not future.done():
            inbox.append(item)
            future.set_result(True)
    if not waiters:
        extra.waiters = None
        cell.flags &= ~WAITERS
        set_capacity(cell)


def lose_in_hand(cell: ActorRef[Any]) -> None:
    """What was in hand when the last life ended, and was not given back, is lost: who waits for it hears so."""
    extra = cell.need_extra()
    back = {id(message.item) for message in extra.requeued or ()}
    lost, extra.in_hand = extra.in_hand, []
    for message in lost:
        if isinstance(message.item, (Ask, Flow)) and id(message.item) not in back:
            message.item.fail(ended_error(cell, exit_of(cell)))


def requeue(cell: ActorRef[Any], messages: list[InHand]) -> None:
    """Give messages back to the front of the mailbox, in order; how often they were delivered is kept."""
    extra = cell.need_extra()
    if messages:
        extra.requeued = deque([*map(put_back, messages), *(extra.requeued or ())])
        cell.flags |= REQUEUED


def take_requeued(cell: ActorRef[Any]) -> None:
    """Move the next redelivered message to the front; one a slice, so that a crash can be laid to it."""
    extra, inbox = cell.need_extra(), cell.inbox
    if extra.requeued and inbox is not None:
        extra.again = extra.requeued.popleft()
        inbox.appendleft(extra.again.item)
    else:
        extra.again = extra.requeued = None
        cell.flags &= ~REQUEUED


def set_gate(cell: ActorRef[Any], gate: Callable[[Usage, float], float | None] | None) -> None:
    """Have *gate* asked before each slice of the cell; None takes it away."""
    cell.need_extra().gate = gate
    cell.flags = cell.flags & ~GATE if gate is None else cell.flags | GATE


def set_on_idle(cell: ActorRef[Any], on_idle: Callable[[], None] | None) -> None:
    """Have *on_idle* called whenever the cell has taken its last message and could take one more."""
    cell.need_extra().on_idle = on_idle
    cell.flags = cell.flags & ~WATCHED if on_idle is None else cell.flags | WATCHED


def shut(cell: ActorRef[Any]) -> None:
    """Hold the cell's messages back."""
    cell.flags |= SHUT


def unshut(cell: ActorRef[Any]) -> None:
    """Let the cell's messages through again."""
    if cell.flags & SHUT:
        cell.flags &= ~SHUT
        cell.scheduler.requeue(cell)


# -- the end of a slot ---------------------------------------------------------------------------------------
def give_up(cell: ActorRef[Any]) -> None:
    """The owner gives a slot up: at once if nothing lives in it, else when it has been killed."""
    extra, owners = cell.need_extra(), None if cell.owner is None else cell.owner.extra
    if extra.kept and owners is not None and not cell.flags & (ENDED | DEAD):
        owners.kept_alive -= 1
        owners.spawned_alive += 1
        extra.unlinked = True  # the owner knows
    extra.kept = False
    if cell.flags & ENDED:
        discard(cell)
    elif not cell.flags & DEAD:
        cell.signal(Kill("its slot was discarded"))


def discard(cell: ActorRef[Any]) -> None:
    """End a slot: its name is free, what waits in it becomes dead letters, asks among it fail, watchers hear it."""
    extra = cell.need_extra()
    if cell.flags & DEAD:
        return
    owner = cell.owner
    siblings = None if owner is None or owner.extra is None else owner.extra.children
    if siblings is not None and siblings.get(cell.label) is cell:
        del siblings[cell.label]
    cell.flags, cell.capacity = DEAD, -1
    cell.handlers.discarded()
    _empty(cell, extra.exit or Killed())
    for child in reversed(list((extra.children or {}).values())):
        give_up(child)
    for up in extra.up or ():
        if not up.done():
            up.set_exception(ended_error(cell, extra.exit))
    for gone in extra.gone or ():
        if not gone.done():
            gone.set_result(extra.exit or Killed())
    for monitor in list(extra.watchers or ()):
        monitor.fire(extra.exit or Killed())
    extra.up = extra.gone = extra.watchers = None
    extra.signals = []
    if extra.account is not None:
        extra.account.discarded(cell)
    reckoning.inherit(cell)


def _empty(cell: ActorRef[Any], exit: Exit) -> None:
    """Nothing that waits in the slot will be handled."""
    extra = cell.need_extra()
    inbox, cell.inbox = cell.inbox, CLOSED
    again = [message.item for message in (*extra.in_hand, *(extra.requeued or ()))]
    for item in (*again, *(inbox or ()), *(extra.lane.clear() if extra.lane else ())):
        reject(cell, item, "discarded", ended_error(cell, exit))
    for future, item in (extra.waiters or {}).items():
        if not future.done():
            future.set_exception(ended_error(cell, exit))
            reject(cell, item, "discarded", ended_error(cell, exit))
    extra.waiters = extra.requeued = None
    extra.in_hand = []
