"""Batches: messages of one endpoint that are handled together.

Theory of operation
1. A batched endpoint's call does not handle its message: it raises `Gather`, which brings the message itself, asker and
   all, to `begin`. An actor without such an endpoint pays for nothing.
2. `begin` takes what follows in the mailbox as far as it is for the same endpoint. If more may come, the cell is held
   with the flag BATCH and a capacity of -1: what is sent now comes by `join`, through the path of a full mailbox.
3. A batch closes when it is full, when its time is over, or when something else waits behind it, so that messages keep
   their order. It is then put in front of the mailbox, an item like any other: its handler runs in the cell's own turn.
4. A mailbox that sorts gathers in its own order: what follows is what it would have chosen next.
5. A batch that has not begun when the incarnation ends is taken apart: its messages wait for the next one.
6. An owner that hands messages out (a pool) asks what an actor gathers, and gives it more of that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from llmactors import _lanes as lanes
from llmactors import _slots as slots
from llmactors._batch import Batch, Spec, message_in
from llmactors._core.flags import BATCH, DRAINING, HELD, REMOTE, REQUEUED, SORTED, STOPPING, WAITERS
from llmactors._messages import InHand

if TYPE_CHECKING:
    from llmactors._ref import ActorRef
    from llmactors.hosts._port import RemoteHost


def begin(cell: ActorRef[Any], spec: Spec, item: Any) -> None:
    """A message of a batched endpoint has its turn: take what belongs to it, and wait for more if that may come."""
    batch = Batch(spec, item)
    extra, inbox = cell.need_extra(), cell.inbox
    assert inbox is not None
    if cell.flags & REQUEUED:
        again = extra.again
        deliveries = again.deliveries if again is not None and again.item is item else 0
        back = extra.requeued
        while back and not deliveries and not batch.full() and _is_next(spec, back[0]):
            batch.items.append(back.popleft().item)
        slots.requeue(cell, [InHand(batch, deliveries)])
        return
    if cell.flags & WAITERS:
        slots.admit(cell)
    if cell.flags & SORTED:
        while not batch.full() and (following := lanes.take_if(cell, spec.message_class)):
            batch.items += following
    else:
        while inbox and not batch.full() and message_in(inbox[0]).__class__ is spec.message_class:
            batch.items.append(inbox.popleft())
    if batch.full() or slots.queued(cell) or spec.within <= 0 or cell.flags & DRAINING:
        _put_first(cell, batch)
        return
    extra.batch = batch
    cell.flags |= BATCH
    slots.set_capacity(cell)
    batch.timer = cell.scheduler.loop.call_later(spec.within, close, cell, batch)


def _is_next(spec: Spec, message: InHand) -> bool:
    """Say whether what comes back belongs to the batch, and ended no life before."""
    return not message.deliveries and message_in(message.item).__class__ is spec.message_class


def join(cell: ActorRef[Any], item: Any) -> None:
    """A message is sent while a batch gathers: it belongs to it, or waits behind it and closes it."""
    batch, inbox = cell.need_extra().batch, cell.inbox
    assert batch is not None
    assert inbox is not None
    if inbox or message_in(item).__class__ is not batch.spec.message_class:
        close(cell, batch)
        if cell.flags & SORTED:
            lanes.add(cell, item)
        else:
            inbox.append(item)
        return
    inbox.append(item)
    batch.items.append(inbox.popleft())  # through the mailbox: a worker process writes down what is taken from it
    if batch.full():
        close(cell, batch)


def close(cell: ActorRef[Any], batch: Batch | None) -> None:
    """No more are gathered: the batch is next."""
    extra = cell.need_extra()
    if batch is None or extra.batch is not batch or cell.inbox is None:
        return
    _open(cell, batch)
    _put_first(cell, batch)
    cell.scheduler.requeue(cell)


def _put_first(cell: ActorRef[Any], batch: Batch) -> None:
    """Let the batch be next. A mailbox that sorts has no front but for what was delivered before."""
    if cell.flags & SORTED:
        slots.requeue(cell, [InHand(batch, 0)])
    elif cell.inbox is not None:
        cell.inbox.appendleft(batch)


def gathering(cell: ActorRef[Any]) -> type | None:
    """Return the class of the messages of which the actor would take one more into the batch that is next."""
    if not cell.handlers.batched or cell.flags & (HELD & ~BATCH | STOPPING | DRAINING):
        return None
    if cell.flags & REMOTE:
        return cast("RemoteHost", cell.handlers.host).gathering(cell)
    batch = cell.need_extra().batch
    if batch is None:
        return waiting(cell)
    return None if cell.inbox or batch.full() else batch.spec.message_class


def waiting(cell: ActorRef[Any]) -> type | None:
    """Return what all that waits is for, if that will be one batch with room for one more."""
    inbox = cell.inbox
    spec = cell.handlers.batched.get(message_in(inbox[0]).__class__) if inbox else None
    if spec is None or slots.queued(cell) >= spec.most:
        return None
    return spec.message_class if all(message_in(item).__class__ is spec.message_class for item in inbox or ()) else None


def take_apart(cell: ActorRef[Any]) -> None:
    """The incarnation ends: what was gathered waits for the next one."""
    extra, inbox = cell.need_extra(), cell.inbox
    if extra.batch is not None and inbox is not None:
        batch = extra.batch
        _open(cell, batch)
        inbox.appendleft(batch)
    if inbox and isinstance(inbox[0], Batch):
        inbox.extendleft(reversed(inbox.popleft().items))
    if extra.requeued and isinstance(extra.requeued[0].item, Batch):
        first = extra.requeued.popleft()
        extra.requeued.extendleft(InHand(item, first.deliveries) for item in reversed(first.item.items))


def _open(cell: ActorRef[Any], batch: Batch) -> None:
    if batch.timer is not None:
        batch.timer.cancel()
    cell.need_extra().batch = None
    cell.flags &= ~BATCH
    slots.set_capacity(cell)
