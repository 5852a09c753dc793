"""Handing the messages of a mailbox over to a worker, and taking them back.

Theory of operation
1. At most `window` messages are out at a time; what more there is waits in the mailbox, and the cell is held (BUSY).
   It goes on when half the window is free.
2. A message to a cell that is up, idle and not held goes to the worker from its sender's call: it would be the first of
   the mailbox anyway. It is handled in the worker's own time all the same.
3. A worker gathers a batch itself: it begins with the first message, and waits for more as long as the endpoint says. A
   mailbox that sorts, and a pool, give it more only for so long, by the clock here.
4. What could not cross any more when its turn came (it was changed meanwhile) fails its asker, or is a dead letter.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from llmactors import _aside as aside
from llmactors import _batches as batches
from llmactors import _ends as ends
from llmactors import _lanes as lanes
from llmactors import _lives as lives
from llmactors import _slots as slots
from llmactors._asks import Ask, skip
from llmactors._attend import ask_gate
from llmactors._core.flags import BUSY, DRAINING, GATE, OVER, REMOTE, REQUEUED, SORTED, STOPPING, WAITERS, WATCHED
from llmactors._messages import Down, Exited, Idle, InHand
from llmactors._streams import Flow, message_of
from llmactors.errors import NotSerialisableError
from llmactors.hosts.process._calls import FOREVER, Call
from llmactors.hosts.process._channel import FULL
from llmactors.hosts.process._grammar import returns_of
from llmactors.hosts.process._page import WAITING
from llmactors.hosts.process._sent import Sent
from llmactors.hosts.process._traced import without_context
from llmactors.trace import SPAN

if TYPE_CHECKING:
    from collections import deque

    from llmactors._batch import Spec
    from llmactors._exits import Exit
    from llmactors._ref import ActorRef
    from llmactors.hosts.process._grammar import Grammar
    from llmactors.hosts.process._life import Life
    from llmactors.hosts.process._page import Page
    from llmactors.hosts.process._says import Says


class Post:
    """The way of messages between one cell and its worker.

    Args:
        cell: Whose mailbox it is.
        life: The worker, with the connection and the calls that are out.
        page: Where the worker writes what it has in hand.
        grammar: How messages are written.
        says: How plain tells are written.
    """

    def __init__(self, cell: ActorRef[Any], life: Life, page: Page, grammar: Grammar, says: Says) -> None:
        channel = life.channel
        self._cell, self._channel, self._calls = cell, channel, life.calls
        self._grammar, self._writers = grammar, says.writers
        self._askers, self._places = says.askers, page.places
        self._window = page.size
        self.sent = Sent(page, cell.need_extra().jobs, life.watch.begin)
        self._page = page
        self._batch: tuple[Spec, float] | None = None  # what the worker gathers, and until when
        self.turning = False  # what the worker has comes back, for what was put aside to come first

    # -- over ------------------------------------------------------------------------------------------------------
    def say(self, message: Any, written: list[Any]) -> bool:
        """Hand over a tell that was written as a say; False when there is no room now."""
        sent = self.sent
        says = sent.says
        if len(says) + sent.calls >= self._window or self._channel.choked or self.turning:
            return False
        if not says:
            sent.begin()
        says.append(message)
        self._channel.put(written)
        return True

    def hand_over(self, item: Ask | Flow[Any]) -> bool:
        """Hand over an ask or a stream that nothing waits before; False when there is no room.

        It fails if it cannot cross.
        """
        sent = self.sent
        if len(sent.says) + sent.calls >= self._window or self._channel.choked or self.turning:
            return False
        if item.__class__ is Ask and SPAN.get() is None and self._question(item):
            return True
        try:
            self._make(item, 0)
        except NotSerialisableError as error:
            item.fail(error)
        return True

    def _question(self, ask: Ask) -> bool:
        """Hand over an ask the short way; False for one that has to go the long way."""
        message, calls, sent = ask.message, self._calls, self.sent
        write = self._askers.get(message.__class__)
        if write is None:
            return False
        number = calls.last + 1
        seconds = ask.deadline - self._cell.scheduler.clock()
        written = write(message, number, seconds if seconds < FOREVER else None)
        if written is None:
            return False
        calls.last = number
        self._places[number % self._window] = WAITING
        self._channel.send(written)  # what follows is done while the worker works
        calls.book[number] = Call(ask, returns_of(message), 0, sent.said)
        sent.calls += 1
        sent.begin()
        return True

    def forward(self) -> None:
        """Send on what waits in the mailbox, as far as there is room."""
        self._forward()
        if self._batch is not None and self._batch[1] == inf:  # what was sent on just now arrives together
            spec, _ = self._batch
            self._batch = spec, self._cell.scheduler.clock() + spec.within

    def _forward(self) -> None:
        cell = self._cell
        extra, scheduler = cell.need_extra(), cell.scheduler
        sorts = bool(cell.flags & SORTED)
        gated = False  # the host has asked for the first
        says = not sorts and not cell.handlers.batched
        while extra.requeued or cell.inbox or sorts:
            if not self._has_room_for_next(sorts=sorts) or self._channel.choked or self.turning:
                cell.flags |= BUSY
                return
            if gated and not ask_gate(cell):
                return
            gated = bool(cell.flags & GATE)
            if sorts and not extra.requeued and not lives.choose(cell):
                break
            if extra.requeued:
                again = extra.requeued.popleft()
                if not extra.requeued:
                    cell.flags &= ~REQUEUED
                self.send(again.item, again.deliveries)
            elif cell.inbox and not (says and not gated and self._say_on(cell.inbox)):
                if cell.handlers.batched:
                    self._note_batch(cell.inbox[0])
                self._send_first(cell.inbox.popleft())
            if cell.flags & WAITERS:
                slots.admit(cell)
        if not slots.queued(cell):
            scheduler.idle(cell)
            self.tell_idle()  # where nothing was sent on after all: nobody waited for it any more

    def _has_room_for_next(self, *, sorts: bool) -> bool:
        """Say whether one more may be sent on. Of a mailbox that sorts it is one at a time, or the batch: what is sent
        on is in order for good.
        """  # noqa: D205
        cell, out = self._cell, self.sent.out
        if not sorts or not out:
            return out < self._window
        if self._batch is None or not self._takes_one_more(out):
            return False
        refused = lanes.rank(cell)
        if refused is not None:
            lives.raised(cell, *refused)
            return False
        return lanes.next_class(cell) is self._batch[0].message_class

    def _note_batch(self, item: Any) -> None:
        """A message is about to be sent on: it may begin a batch, or close one."""
        message_class = message_of(item).__class__
        if self.sent.out:
            if self._batch is not None and self._batch[0].message_class is not message_class:
                self._batch = None
            return
        spec = self._cell.handlers.batched.get(message_class)
        self._batch = None if spec is None else (spec, inf)
        if spec is not None and slots.queued(self._cell) > 1:
            self._channel.gather()

    def gathering(self) -> type | None:
        """Return the class of the messages of which the worker would take one more into its next batch."""
        cell, out = self._cell, self.sent.out
        if not out:
            return batches.waiting(cell)
        if self._batch is None or not self._takes_one_more(out + slots.queued(cell)):
            return None
        kind = self._batch[0].message_class
        return kind if all(message_of(item).__class__ is kind for item in cell.inbox or ()) else None

    def _takes_one_more(self, taken: int) -> bool:
        """Say whether the batch that the worker gathers has room beside *taken*, and is still open."""
        if self._batch is None:
            return False
        spec, until = self._batch
        return taken < spec.most and self._cell.scheduler.clock() < until

    def _say_on(self, inbox: deque[Any]) -> bool:
        """Hand over the tells in front that can be said, as many as a frame takes; False when the first cannot."""
        sent, writers = self.sent, self._writers
        says, written = sent.says, []
        for _ in range(min(FULL, self._window - len(says) - sent.calls, len(inbox))):
            message = inbox[0]
            write = writers.get(message.__class__)
            item = None if write is None else write(message)
            if item is None:
                break
            written.append(item)
            if not says:
                sent.begin()
            says.append(inbox.popleft())
        if written:
            self._channel.put_all(written)
        return bool(written)

    def _send_first(self, item: Any) -> None:
        item = without_context(item)
        write = self._writers.get(item.__class__)
        written = None if write is None else write(item)
        if written is None or not self.say(item, written):
            self.send(item)

    def send(self, item: Any, deliveries: int = 0) -> None:
        """Hand a mailbox's entry over as a call."""
        cell = self._cell
        if isinstance(item, (Ask, Flow)) and not item.pending():
            if isinstance(item, Ask):
                skip(item)
            return
        if isinstance(item, (Down, Exited)):
            slots.took_notice(cell)
        elif item.__class__ is Idle:
            if item.life is not cell.actor:
                return
            item = Idle(item.seconds)  # the worker knows what its life is
        try:
            self._make(item, deliveries)
        except NotSerialisableError as error:  # it could cross when it was sent, and was changed since
            if isinstance(item, (Ask, Flow)):
                item.fail(error)
            else:
                cell.system.dead_letter(item, cell, "unhandled")

    def _make(self, item: Any, deliveries: int) -> None:
        calls, sent = self._calls, self.sent
        self._page.clear(calls.last + 1)
        now = self._cell.scheduler.clock()
        calls.make(item, 0, self._grammar, now, deliveries=deliveries, after=sent.said)
        sent.calls += 1
        sent.begin()

    # -- and back --------------------------------------------------------------------------------------------------
    def said(self, count: int) -> None:
        """The worker has finished *count* more says."""
        self.sent.acknowledged(count)
        self._cell.handled += count
        self._freed()

    def dead(self, number: int, reason: str) -> None:
        """A say was not handled, or its error was not heard."""
        cell = self._cell
        cell.system.dead_letter(self.sent.say(number), cell, reason)

    def call_is_over(self) -> None:
        """The worker has one call less."""
        sent = self.sent
        sent.calls -= 1
        if self._cell.flags != REMOTE or self._cell.handlers.idle is not None:
            self._freed()
        elif not sent.calls and not sent.says:
            sent.idle()

    def recalled(self, says: int, numbers: list[int], *, held: bool) -> None:
        """The worker has given back what it had not begun."""
        book = self._calls.book
        calls = [(number, book.pop(number)) for number in numbers if number in book]
        self.sent.calls -= len(calls)
        first = self.sent.said - says
        back = [(number, 0, 0, InHand(say, 0)) for number, say in enumerate(self.sent.take_back(says), first + 1)]
        back += [(call.after, 1, number, InHand(call.item, call.deliveries)) for number, call in calls]
        back.sort(key=lambda entry: entry[:3])
        self._give_back([entry[3] for entry in back])
        if self.turning:
            self.turning = False
            aside.unstash(self._cell)
            self._cell.flags &= ~BUSY
            self._cell.scheduler.requeue(self._cell)
        self._freed()
        if held:  # what waits at a checkpoint of a paused actor will not go on: it ends there
            self._idle()

    def aside(self, number: int) -> None:
        """The worker's actor has put a call aside, or (0) the say in hand."""
        cell = self._cell
        extra = cell.need_extra()
        if number:
            call = self._calls.book.pop(number)
            self.sent.calls -= 1
            extra.again = InHand(call.item, call.deliveries)
        else:
            extra.again = InHand(self.sent.taken_off(), 0)
        aside.stash(cell, extra.again.item)
        extra.again = None
        self._freed()

    def settle(self, exit: Exit) -> None:
        """Decide about everything the worker has: in hand, done, or to be given back."""
        cell = self._cell
        held, done, back = self.sent.settle(self._calls)
        for call in done:
            if isinstance(call.item, (Ask, Flow)):
                call.item.fail(ends.ended_error(cell, exit))
        for message in held:
            cell.need_extra().again = message
            ends.hold(cell, exit, (message.item,))
        cell.need_extra().again = None
        self._give_back(back)

    def _give_back(self, messages: list[InHand]) -> None:
        """Put what was not begun back to the front of the mailbox, in order."""
        cell = self._cell
        if cell.flags & SORTED:  # it has no front but this; behind what waits they would have lost their place
            slots.requeue(cell, [message for message in messages if not isinstance(message.item, (Down, Exited, Idle))])
            return
        slots.requeue(cell, [message for message in messages if message.deliveries])
        if cell.inbox is None:
            cell.inbox = cell.scheduler.new_inbox()
        plain = [message.item for message in messages if not message.deliveries]
        cell.inbox.extendleft(item for item in reversed(plain) if not isinstance(item, (Down, Exited, Idle)))

    def _freed(self) -> None:
        """The worker has less than before."""
        cell, out = self._cell, self.sent.out
        if cell.flags & BUSY and not cell.flags & OVER and out <= self._window // 2:
            self.go_on()
        if not out:
            self._idle()

    def go_on(self) -> None:
        """There is room again."""
        cell = self._cell
        if cell.flags & BUSY and not cell.flags & OVER:
            cell.flags &= ~BUSY
            cell.scheduler.requeue(cell)

    def _idle(self) -> None:
        """The worker has nothing that anybody must wait for."""
        cell = self._cell
        self.sent.idle()
        if cell.handlers.idle is not None:
            cell.need_extra().heard_at = cell.scheduler.clock()
        if cell.flags & OVER:
            return
        if cell.flags & (STOPPING | DRAINING):
            if cell.inbox is None:
                cell.inbox = cell.scheduler.new_inbox()
            cell.scheduler.enqueue(cell)
        else:
            self.tell_idle()

    def tell_idle(self) -> None:
        """Let the owner know, if it wants to, that the worker could take a message."""
        cell, extra = self._cell, self._cell.need_extra()
        if not self.sent.out and not cell.inbox and cell.flags & WATCHED and extra.on_idle is not None:
            extra.on_idle()
