"""The calls that this side of a channel makes.

Theory of operation
1. Each side numbers the calls that it makes; what becomes of a call names its number.
2. `Calls.book` keeps the mailbox's entries (bare messages, `Ask`s, `Flow`s) that were sent, in order: from it a dead
   worker's messages are given back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from llmactors._asks import Ask
from llmactors._codec import Codec, Packed, Types, is_long
from llmactors._streams import Flow
from llmactors.errors import NotSerialisableError, RemoteError, UnhandledMessageError
from llmactors.hosts.process._grammar import Grammar, message_of
from llmactors.hosts.process._ops import Op
from llmactors.hosts.process._traced import step_of, written_step

if TYPE_CHECKING:
    from llmactors.hosts.process._channel import Channel, Item

FOREVER = float("inf")
ASK = int(Op.ASK)


class Call:
    """A call that this side has made."""

    __slots__ = ("after", "deliveries", "item", "later", "returns")

    def __init__(self, item: Any, returns: Types, deliveries: int, after: int) -> None:
        self.item, self.returns, self.deliveries = item, returns, deliveries
        self.after = after  # says that went before it
        self.later = False  # its handler is over, and its answer will come

    @property
    def message(self) -> Any:
        """The message without what waits for its answer."""
        return message_of(self.item)


class Port(Protocol):
    """What calls need of their side."""

    channel: Channel
    codec: Codec


class Calls:
    """The calls that this side has made and that are not over, in order."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self.last = 0  # the number of the last call
        self.book: dict[int, Call] = {}

    def make(
        self,
        item: Any,
        target: int,
        grammar: Grammar,
        now: float,
        *,
        deliveries: int = 0,
        after: int = 0,
        foreign: bool = False,
        if_up: bool = False,
    ) -> int:
        """Send a mailbox's entry to *target*; return its number. A *foreign* tell goes out at once and is forgotten.

        Raises:
            NotSerialisableError: It cannot cross. Nothing was sent.
        """
        written, returns = grammar.write(self._port.codec, message_of(item))
        number = self.last = self.last + 1
        name, content = written
        if isinstance(item, Ask):
            seconds = item.deadline - now
            sent = [
                Op.ASK_IF_UP if if_up else ASK,
                number,
                target,
                name,
                content,
                seconds if seconds < FOREVER else None,
            ]
        elif isinstance(item, Flow):
            sent = [Op.STREAM, number, target, name, content, item.window, item._idle]
        else:
            sent = [Op.TELL, number, target, name, content]
        if (step := step_of(item)) is not None:
            sent.append(written_step(step))
        self._port.channel.send(sent, now=foreign or is_long(content))
        if not foreign or isinstance(item, (Ask, Flow)):
            self.book[number] = Call(item, returns, deliveries, after)
        return number

    def cancel(self, item: Any) -> None:
        """Nobody waits for *item* any more."""
        for number, call in self.book.items():
            if call.item is item:
                self._send([Op.CANCEL, number])
                return

    def grant(self, flow: Any, items: int) -> None:
        """The reader of a stream has taken *items*."""
        for number, call in self.book.items():
            if call.item is flow:
                self._send([Op.CREDIT, number, items])
                return

    def _send(self, item: Item) -> None:
        self._port.channel.send(item)

    def answered(self, number: int, value: Any) -> Call | None:
        """An ask has its answer; return the call, if it is open."""
        call = self.book.get(number)
        if call is None:
            self._port.codec.discard(value)
            return None
        item = call.item
        if not isinstance(item, Ask):
            raise ValueError(f"call {number} is no ask, and was answered")  # noqa: TRY004  the peer broke the protocol
        if value.__class__ is not Packed:
            item.answer(value)
        else:
            self._unwrapped(item, call, value)
        del self.book[number]
        return call

    def _unwrapped(self, ask: Ask, call: Call, value: Any) -> None:
        try:
            answer = self._port.codec.unwrap(value, call.returns, "the answer")
        except NotSerialisableError as error:
            ask.fail(error)
        else:
            ask.answer(answer)

    def on_outcome(self, op: Op, number: int, content: Any = None) -> Call | None:
        """Hear what became of a call; return it if it is over now."""
        call = self.book.get(number)
        if call is None:
            self._port.codec.discard(content)
            return None
        item = call.item
        if op is Op.ITEM:
            self._on_item(item, call, content)
            return None
        if isinstance(item, Ask):
            self._settle_ask(op, item, call, content)
        elif isinstance(item, Flow):
            item.fail(None if op is Op.END else self._error(op, call, content))
        del self.book[number]  # not before: a peer that breaks the protocol here has the call in hand at its end
        return call

    def _on_item(self, item: Any, call: Call, content: Any) -> None:
        if not isinstance(item, Flow) or item.done:
            self._port.codec.discard(content)
            return
        if item.overrun:
            raise ValueError("more items of a stream came than its reader has room for")
        try:
            item.put(self._port.codec.unwrap(content, call.returns, "an item of the stream"))
        except NotSerialisableError as error:
            item.fail(error)
            self.cancel(item)

    def _settle_ask(self, op: Op, ask: Ask, call: Call, content: Any) -> None:
        if op is not Op.ANSWER:
            ask.fail(self._error(op, call, content))
            return
        self._unwrapped(ask, call, content)

    def _error(self, op: Op, call: Call, content: Any) -> BaseException:
        if op is Op.UNHANDLED:
            return UnhandledMessageError(call.item.cell.path, call.message)
        try:
            error = self._port.codec.unwrap(content, call.returns, "the error")
        except NotSerialisableError as problem:
            return problem
        return error if isinstance(error, BaseException) else RemoteError("?", repr(error))
