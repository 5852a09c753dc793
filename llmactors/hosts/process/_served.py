"""The calls that this side of a channel serves.

A served ask is an ordinary `Ask` in the target's mailbox whose future is a `Reply`, which sends the answer; a served
stream is a `Flow` whose reader is the channel. A tell to a worker's actor is served as an ask, to know when it is done.
"""

from __future__ import annotations

from collections.abc import Callable
from types import NoneType
from typing import TYPE_CHECKING, Any, Final

from llmactors._asks import PENDING, Ask, Failure
from llmactors._carried import new_ask, present
from llmactors._codec import fits, is_long
from llmactors._core.flags import OVER, REMOTE
from llmactors._later import Later
from llmactors._streams import Flow
from llmactors.errors import NotSerialisableError, UnhandledMessageError, UnreadAnswersError
from llmactors.hosts.process._calls import FOREVER, Port
from llmactors.hosts.process._channel import LADEN
from llmactors.hosts.process._grammar import describe, returns_of
from llmactors.hosts.process._ops import Op

if TYPE_CHECKING:
    from llmactors._ref import ActorRef
    from llmactors.hosts.process._channel import Item


ANSWER: Final = int(Op.ANSWER)
PLAIN: Final = frozenset({NoneType, bool, float})


class Reply:
    """Stands where an ask has its future: sends the answer over the channel."""

    __slots__ = ("ask", "held", "number", "served", "silent", "tell")

    def __init__(self, served: Served, number: int, *, tell: bool) -> None:
        self.served, self.number, self.tell = served, number, tell
        self.silent = self.held = False  # nobody waits for it; its handler goes on all the same
        self.ask: Ask | None = None

    def done(self) -> bool:
        """Say whether there is nothing to send: never before the answer."""
        return False

    def set_result(self, _: None) -> None:
        """Send what the ask has become."""
        if self.ask is not None:
            self.served.answered(self, self.ask)


class ServedFlow(Flow[Any]):
    """A stream whose reader is on the other side."""

    __slots__ = ("number", "served")

    def __init__(self, served: Served, number: int, cell: Any, message: Any, *pace: Any) -> None:
        super().__init__(cell, message, *pace)
        self.served, self.number = served, number

    def put(self, item: Any) -> bool:
        """Send an item; False when the producer must wait for credit."""
        if self.done:
            return False
        if not self.served.item(self, item):
            return False
        self._credit -= 1
        return self._credit > 0

    def fail(self, error: BaseException | None) -> None:
        """End the stream on both sides."""
        if not self.done:
            self.done = True
            self.error = error
            self.served.ended(self, error)
            self.grant(0)


class Served:
    """The calls that this side serves and that are not over.

    Args:
        port: The channel and codec.
        finished: Called with the number of a call whose handler is over.
        in_worker: Whether this is the worker's side.
    """

    def __init__(self, port: Port, finished: Callable[[int], None], *, in_worker: bool) -> None:
        self._port, self._finished, self._in_worker = port, finished, in_worker
        self.open: dict[int, Any] = {}
        self._done: list[int] = []

    # -- what comes in ---------------------------------------------------------------------------------------------
    def ask(self, cell: ActorRef[Any], number: int, message: Any, seconds: float | None) -> None:
        """Put an ask into the target's mailbox."""
        self._accept(cell, number, message, FOREVER if seconds is None else seconds, tell=False)

    def question(self, cell: ActorRef[Any], number: int, message: Any, seconds: float | None) -> None:
        """Put an ask, which is of no trace, into the mailbox of a worker's actor."""
        scheduler = cell.scheduler
        ask = Ask(message, scheduler.clock(), FOREVER if seconds is None else seconds, cell)
        reply = Reply(self, number, tell=False)
        ask.future, reply.ask = reply, ask  # type: ignore[assignment]  # as below
        self.open[number] = ask
        if seconds is not None:
            scheduler.watch(ask)
        cell.accept(ask)

    def tell(self, cell: ActorRef[Any], number: int, message: Any) -> None:
        """Put a tell into the mailbox of a worker's actor: as an ask, to know when it is done."""
        self._accept(cell, number, message, FOREVER, tell=True)

    def _accept(self, cell: ActorRef[Any], number: int, message: Any, seconds: float, *, tell: bool) -> None:
        ask = new_ask(message, cell.scheduler.clock(), seconds, cell)
        reply = Reply(self, number, tell=tell)
        ask.future, reply.ask = reply, ask  # type: ignore[assignment]  # it does what the kernel does with futures
        self.open[number] = ask
        if self._in_worker and seconds < FOREVER:
            cell.scheduler.watch(ask)  # here too: asks that its handler makes have the same deadline, and come after it
        cell.accept(ask)

    def stream(self, cell: ActorRef[Any], number: int, message: Any, window: int, idle: float) -> None:
        """Put a stream into the target's mailbox."""
        if not cell.flags & REMOTE:
            cell.handlers[ServedFlow] = cell.handlers[Flow]
        flow = ServedFlow(self, number, cell, message, window, idle)
        flow.context = present(cell.scheduler)
        self.open[number] = flow
        cell.accept(flow)

    def cancel(self, number: int) -> None:
        """The other side gave up."""
        item = self.open.get(number)
        if isinstance(item, ServedFlow):
            item.leave()
        elif isinstance(item, Ask):
            reply: Any = item.future
            reply.silent = True
            if not reply.held:  # it was told once: that is enough for its clean-up
                item.cell.abandon(item)
                item.fail(TimeoutError())

    def _in_hand(self, ask: Ask) -> bool:
        """Say whether a handler in this worker is at it, suspended."""
        return self._in_worker and any(job.item is ask for job in ask.cell.need_extra().jobs)

    def let_go(self, ask: Ask) -> None:
        """The handler of an ask is over; if its asker had given up, that is told now."""
        reply: Any = ask.future
        if reply.held:
            reply.held = False
            self.open.pop(reply.number, None)
            self._finished(reply.number)
            if reply.silent or ask.value.__class__ is not Failure:
                self._send([Op.FAIL, reply.number, True])
            else:  # its time was over here before it was there
                self._fail(reply.number, ask, ask.value.error)

    def credit(self, number: int, items: int) -> None:
        """The other side's reader has taken *items*."""
        flow = self.open.get(number)
        if isinstance(flow, ServedFlow):
            flow.grant(items)

    def forget(self, number: int) -> Any:
        """Take a call back that is not handled here."""
        item = self.open.pop(number, None)
        if isinstance(item, Ask):
            reply: Any = item.future
            reply.ask = None  # what becomes of it is not told by this one
        return item

    def close(self) -> None:
        """The other side is gone: nobody waits for anything any more."""
        for number in list(self.open):
            self.cancel(number)
        self.open.clear()

    # -- what goes out ---------------------------------------------------------------------------------------------
    def answered(self, reply: Reply, ask: Ask) -> None:
        """An ask has its answer."""
        value = ask.value
        if value.__class__ is Failure:
            if self._ends_with(ask.cell):
                return
            if self._in_hand(ask):  # its handler is told to give up, and takes its time
                reply.held = True
                return
        elif value.__class__ is Later:
            self._later(ask, value)
            return
        self.open.pop(reply.number, None)
        self._finished(reply.number)
        if reply.silent and not reply.tell:
            self._send([Op.FAIL, reply.number, None])
        elif value.__class__ is Failure:
            self._fail(reply.number, ask, value.error)
        elif reply.tell:
            self._tell_done(reply.number)
        else:
            self._answer(reply.number, ask, value)
            ask.message = ask.value = None  # the wheel holds the ask until its deadline, but not what was said

    def _ends_with(self, cell: ActorRef[Any]) -> bool:
        """Say whether the worker's own actor is ending: what was in hand is told with its end."""
        return self._in_worker and bool(cell.flags & OVER)

    def _later(self, ask: Ask, later: Later[Any]) -> None:
        """An async handler answers later."""
        ask.value = PENDING
        if later.attach(ask):
            self.later(ask)

    def later(self, ask: Ask) -> None:
        """The handler of an ask is over; its answer will come."""
        reply: Any = ask.future
        self._finished(reply.number)
        if reply.tell:
            self.open.pop(reply.number, None)
            self._tell_done(reply.number)
        else:
            self._send([Op.LATER, reply.number])

    def _answer(self, number: int, ask: Ask, value: Any) -> None:
        if value.__class__ in PLAIN or (value.__class__ in {int, str} and fits(value) and not is_long(value)):
            self._port.channel.send([ANSWER, number, value])
            return
        if self._port.channel.laden:
            self._send([Op.FAIL, number, self._port.codec.wrap(_unread(ask.message))])
            return
        try:
            wrapped = self._port.codec.wrap(value, returns_of(ask.message), f"the answer of {describe(ask.message)}")
        except NotSerialisableError as error:
            self._send([Op.FAIL, number, self._port.codec.wrap(error)])
            return
        self._port.channel.send([ANSWER, number, wrapped], now=is_long(wrapped))

    def _fail(self, number: int, item: Any, error: BaseException) -> None:
        if isinstance(error, UnhandledMessageError) and error.message is item.message:
            self._send([Op.UNHANDLED, number])
        else:
            self._send([Op.FAIL, number, self._port.codec.wrap(error, returns_of(item.message), "the error")])

    def _tell_done(self, number: int) -> None:
        """Tells are reported together, once a turn."""
        self._done.append(number)
        if len(self._done) == 1:
            self._port.channel.soon(self.report_done)

    def report_done(self) -> None:
        """Report the tells that are done."""
        if self._done:
            done, self._done = self._done, []
            self._send([Op.DONE, done])

    def item(self, flow: ServedFlow, value: Any) -> bool:
        """A stream has an item; False when it cannot cross, or others are unread, which ends the stream."""
        if self._port.channel.laden:
            flow.fail(_unread(flow.message))
            return False
        try:
            wrapped = self._port.codec.wrap(value, returns_of(flow.message), f"an item of {describe(flow.message)}")
        except NotSerialisableError as error:
            flow.fail(error)
            return False
        self._port.channel.send([int(Op.ITEM), flow.number, wrapped], now=is_long(wrapped))
        return True

    def ended(self, flow: ServedFlow, error: BaseException | None) -> None:
        """A stream has ended."""
        if self._ends_with(flow.cell) and error is not None:
            return
        self.open.pop(flow.number, None)
        self._finished(flow.number)
        if error is None:
            self._send([Op.END, flow.number])
        else:
            self._fail(flow.number, flow, error)

    def _send(self, item: Item) -> None:
        self._port.channel.send(item)


def _unread(message: Any) -> UnreadAnswersError:
    return UnreadAnswersError(describe(message), LADEN)
