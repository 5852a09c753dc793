"""Batches: messages of one endpoint that are handled together.

Theory of operation
1. A batched endpoint's call does not handle its message: it raises `Gather`, which brings the message itself, asker and
   all, to `begin`. An actor without such an endpoint pays for nothing.
2. `begin` takes what follows in the mailbox as far as it is for the same endpoint. If more may come, the cell is held
   with the flag BATCH and a capacity of -1: what is sent now comes by `join`, through the path of a full mailbox.
3. A batch closes when it is full, when its time is over, or when something else waits behind it, so that messages keep
   their order. It is then put in front of the mailbox, an item like any other: its handler runs in the cell's own turn.
4. A batch that has not begun when the incarnation ends is taken apart: its messages wait for the next one.
"""

from __future__ import annotations

from types import CoroutineType
from typing import TYPE_CHECKING, Any

from llmactors import _slots as slots
from llmactors._asks import Ask, skip
from llmactors._carried import Envelope
from llmactors._core.flags import BATCH, DRAINING, REQUEUED, SORTED, WAITERS
from llmactors._messages import InHand

if TYPE_CHECKING:
    from asyncio import TimerHandle
    from collections.abc import Callable, Coroutine

    from llmactors._ref import ActorRef


class Spec:
    """A batched endpoint of one actor class."""

    __slots__ = ("call", "message_class", "most", "name", "within")

    def __init__(self, message_class: type, call: Callable[[Any, Any], Any], batch: tuple[int, float]) -> None:
        self.message_class, self.call = message_class, call
        self.name: str = message_class.__match_args__[0]  # type: ignore[attr-defined]  # it is made from one parameter
        self.most, self.within = batch

    def gather(self, _actor: Any, _message: Any) -> Any:
        """Stand in the table as the call of a message."""
        raise Gather(self)


class Gather(BaseException):
    """The message in hand begins a batch. No `Exception`: no `except` keeps it."""

    def __init__(self, spec: Spec) -> None:
        super().__init__("the message in hand begins a batch")
        self.spec = spec


class Batch:
    """Messages in hand together."""

    __slots__ = ("items", "spec", "timer")

    def __init__(self, spec: Spec, item: Any) -> None:
        self.spec = spec
        self.items = [item]
        self.timer: TimerHandle | None = None

    @property
    def message(self) -> Any:
        """The first message, which stands for all."""
        return _message_of(self.items[0])

    def full(self) -> bool:
        """Say whether none more fits."""
        return len(self.items) >= self.spec.most

    def pending(self) -> bool:
        """Say whether anybody waits, or nobody ever did."""
        return any(not isinstance(item, Ask) or item.pending() for item in self.items)

    def run(self, actor: Any) -> Any:
        """Handle the messages together, but for those whose asker gave up."""
        cell: ActorRef[Any] = actor._cell
        given_up = [item for item in self.items if isinstance(item, Ask) and not item.pending()]
        for ask in given_up:
            skip(ask)
        self.items = [item for item in self.items if item not in given_up] if given_up else self.items
        if not self.items:
            return None
        cell.handled += len(self.items) - 1
        name = self.spec.name
        answers = self.spec.call(actor, [getattr(_message_of(item), name) for item in self.items])
        return self._finish(answers) if answers.__class__ is CoroutineType else self.answer(answers)

    async def _finish(self, answers: Coroutine[Any, Any, Any]) -> None:
        self.answer(await answers)

    def answer(self, answers: Any) -> None:
        """Give each its answer.

        Raises:
            TypeError: There are not as many answers as messages.
        """
        if not isinstance(answers, (list, tuple)) or len(answers) != len(self.items):
            what = f"{len(answers)} answers" if isinstance(answers, (list, tuple)) else type(answers).__name__
            raise TypeError(
                f"a batch of {self.message.__endpoint__.name} had {len(self.items)} messages, and its handler returned "
                f"{what}: return a list with one answer for each, in order"
            )
        for item, answer in zip(self.items, answers, strict=True):
            if isinstance(item, Ask):
                item.answer(answer)


def parts_of(item: Any) -> list[Any]:
    """Return what the mailbox held before it was gathered."""
    return item.items if isinstance(item, Batch) else [item]


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
    while inbox and not batch.full() and _message_of(inbox[0]).__class__ is spec.message_class:
        batch.items.append(inbox.popleft())
    if batch.full() or inbox or spec.within <= 0 or cell.flags & (DRAINING | SORTED):
        inbox.appendleft(batch)
        return
    extra.batch = batch
    cell.flags |= BATCH
    slots.set_capacity(cell)
    batch.timer = cell.scheduler.loop.call_later(spec.within, close, cell, batch)


def _is_next(spec: Spec, message: InHand) -> bool:
    """Say whether what comes back belongs to the batch, and ended no life before."""
    return not message.deliveries and _message_of(message.item).__class__ is spec.message_class


def join(cell: ActorRef[Any], item: Any) -> None:
    """A message is sent while a batch gathers: it belongs to it, or waits behind it and closes it."""
    batch, inbox = cell.need_extra().batch, cell.inbox
    assert batch is not None
    assert inbox is not None
    if inbox or _message_of(item).__class__ is not batch.spec.message_class:
        inbox.append(item)
        close(cell, batch)
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
    cell.inbox.appendleft(batch)
    cell.scheduler.requeue(cell)


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


def _message_of(item: Any) -> Any:
    return item.message if isinstance(item, (Ask, Envelope)) else item
