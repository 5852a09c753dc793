"""Watching the messages of one actor.

Theory of operation
1. An actor is called through its class's table. One that is traced gets a table of its own instead, whose calls note
   what comes in and what becomes of it. So nobody else pays for it, and a traced actor only while it is.
2. Who traces holds a bounded queue. What it does not take in time is dropped, the oldest first, and counted: an actor
   never waits for who watches it.
3. What is noted is redacted and written down at once: a message may be changed by its handler, or hold what is large.
"""

from __future__ import annotations

from asyncio import CancelledError
from collections import Counter, deque
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Final, Self

from llmactors._batch import Batch
from llmactors._carried import CarriedAsk, Envelope
from llmactors._core.flags import DEAD
from llmactors._later import Later
from llmactors._messages import Due, Inserted
from llmactors._redact import redacted, told
from llmactors._signals import Stashed
from llmactors._streams import Flow
from llmactors._table import Table
from llmactors._values import Event, Report
from llmactors.trace import SPAN

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable, Coroutine
    from types import TracebackType

    from llmactors._ref import ActorRef

WRAPPINGS: Final = (Batch, CarriedAsk, Due, Envelope, Flow, Inserted)
"""What stands in a table and is no message: the message inside is noted."""


class Tracing:
    """The events of one actor as they come: `async with introspection.trace(ref) as events: async for event in events`.

    Attributes:
        missed: Events that were dropped because nobody took them.
        counts: How many events there were, by what they say.
    """

    def __init__(self, cell: ActorRef[Any], keep: int) -> None:
        self._cell, self._events = cell, deque[Event](maxlen=keep)
        self._waiting: Future[None] | None = None
        self._over = True
        self.missed = 0
        self.counts: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        self._over = False
        cell = self._cell
        table: Any = cell.handlers
        if not hasattr(table, "tracings"):
            table = cell.handlers = self._begin(table)
        table.tracings.append(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over = True
        table: Any = self._cell.handlers
        if hasattr(table, "tracings"):
            table.tracings.remove(self)
            if not table.tracings:
                self._cell.handlers = table.original
                self._end()

    def _begin(self, table: Table) -> Any:
        """Nobody else traces the actor: return the table that knows who does."""
        return TracedTable(table)

    def _end(self) -> None:
        """Nobody traces the actor any more."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        """Wait for the next event. Ends when the actor's slot is discarded."""
        cell = self._cell
        while not self._events:
            if self._over or cell.flags & DEAD:
                raise StopAsyncIteration
            self._waiting = cell.scheduler.loop.create_future()
            await self._waiting
        return self._events.popleft()

    def put(self, event: Event) -> None:
        """Note an event. For the kernel."""
        self.counts[event.what] += 1
        self.missed += len(self._events) == self._events.maxlen
        self._events.append(event)
        self.wake()

    def wake(self) -> None:
        """Look again whether there is something to tell. For the kernel."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


class TracedTable(Table):
    """The table of one actor that is traced: that of its class, each call with notes around it."""

    __slots__ = ("original", "tracings")

    def __init__(self, original: Table) -> None:
        dict.__init__(self)
        for name in Table.__slots__:
            setattr(self, name, getattr(original, name))
        self.original = original
        self.tracings: list[Tracing] = []
        for cls, call in original.items():
            self[cls] = call if issubclass(cls, WRAPPINGS) else self.noted(call)
        self.missing = self.noted(original.missing)
        self.streams = {cls: self.noted(call, stream=True) for cls, call in original.streams.items()}

    def noted(self, call: Callable[[Any, Any], Any], *, stream: bool = False) -> Callable[[Any, Any], Any]:
        """Return *call* with notes around it."""

        def called(actor: Any, message: Any) -> Any:
            note = _Note(self, actor, message)
            note("received")
            if stream:
                return call(actor, message)
            try:
                answer = call(actor, message)
            except BaseException as error:
                note.left(error)
                raise
            if answer.__class__ is CoroutineType:
                return _awaited(answer, note)
            note("later" if answer.__class__ is Later else "answered", answer)
            return answer

        return called

    def discarded(self) -> None:
        """The slot is gone: nothing more will come."""
        for tracing in self.tracings:
            tracing.wake()

    def report(self, actor: Any, event: Callable[[Report], Event], message: Any, value: Any) -> None:
        """Note an event with everybody who traces."""
        noted = event(redacted(actor, Report(kind="trace", path=actor._cell.path, message=message, value=value)))
        for tracing in self.tracings:
            tracing.put(noted)


class _Note:
    """Notes what becomes of one message."""

    __slots__ = ("_actor", "_message", "_step", "_table")

    def __init__(self, table: TracedTable, actor: Any, message: Any) -> None:
        self._table, self._actor, self._message = table, actor, message
        self._step = SPAN.get()

    def __call__(self, what: str, value: Any = None) -> None:
        now = self._actor._cell.scheduler.clock()

        def event(report: Report) -> Event:
            text = "" if isinstance(value, Later) else told(report.value)
            return Event(at=now, what=what, message=told(report.message), text=text, trace=self._step)

        self._table.report(self._actor, event, self._message, value)

    def left(self, error: BaseException) -> None:
        if isinstance(error, CancelledError):
            self("cancelled")
        elif isinstance(error, Stashed):
            self("put aside")
        else:
            self("failed", error)


async def _awaited(answer: Coroutine[Any, Any, Any], note: _Note) -> Any:
    try:
        value = await answer
    except BaseException as error:
        note.left(error)
        raise
    note("later" if value.__class__ is Later else "answered", value)
    return value
