"""Seeing what an actor in a worker is doing, `llmactors.introspection`, in two halves: its state, and its messages.

Theory of operation
1. Who traces reads in the main process. While somebody does, the cell has a table of its own, which knows them all; it
   outlives the incarnations, and each new worker is told at its start.
2. The worker calls its actor through a traced table, as everywhere, whose one reader sends the events on. They are
   redacted there, where the actor's code is. What a killed worker had not sent yet is lost with it.
"""

from __future__ import annotations

from asyncio import get_running_loop
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from llmactors._batch import Spec
from llmactors._codec import name_of
from llmactors._endpoints import endpoints
from llmactors._table import Table
from llmactors._tracing import TracedTable, Tracing
from llmactors._values import Event
from llmactors.hosts.process._ops import Op
from llmactors.trace import TraceContext

if TYPE_CHECKING:
    from asyncio import Future

    from llmactors._codec import Types
    from llmactors._ref import ActorRef
    from llmactors.hosts.process._channel import Channel
    from llmactors.hosts.process._life import Life
    from llmactors.hosts.process._worker import Worker

EVENT_TYPES: Final[Types] = {name_of(cls): cls for cls in (Event, TraceContext)}


class FarTable(Table):
    """What the main process knows of actors of one class in workers.

    Attributes:
        writers: What writes plain tells; see `_says`.
    """

    __slots__ = ("writers",)

    def __init__(self, cls: type, host: Any, missing: Any, writers: dict[type, Any]) -> None:
        super().__init__(cls, host, missing)
        self.writers = writers
        for endpoint in endpoints(cls).values():
            if endpoint.options.batch is not None:
                self.batched[endpoint.message_class] = Spec(endpoint.message_class, missing, endpoint.options.batch)

    __hash__ = object.__hash__


class WatchedTable(FarTable):
    """The table of one actor in a worker that is traced."""

    __slots__ = ("original", "tracings")

    def __init__(self, original: FarTable) -> None:
        dict.__init__(self, original)
        for name in (*Table.__slots__, *FarTable.__slots__):
            setattr(self, name, getattr(original, name))
        self.original = original
        self.tracings: list[Tracing] = []

    def discarded(self) -> None:
        """The slot is gone: nothing more will come."""
        for tracing in self.tracings:
            tracing.wake()

    __hash__ = object.__hash__


class FarTracing(Tracing):
    """The events of one actor in a worker, as they come."""

    def _begin(self, table: Any) -> WatchedTable:
        _order(self._cell, on=True)
        return WatchedTable(table)

    def _end(self) -> None:
        _order(self._cell, on=False)


def _order(cell: ActorRef[Any], *, on: bool) -> None:
    life: Life | None = cell.actor
    if life is not None and not life.over:
        life.switches.trace(on=on)


def is_watched(cell: ActorRef[Any]) -> bool:
    """Say whether somebody traces the actor."""
    return isinstance(cell.handlers, WatchedTable)


def watched(life: Life, content: Any) -> None:
    """The worker tells what its actor did.

    Raises:
        ValueError: That is no event.
    """
    event = life.codec.unwrap(content, EVENT_TYPES, "an event of a trace")
    if type(event) is not Event:
        raise ValueError(f"{event!r} is no event of a trace")
    table = life.cell.handlers
    if isinstance(table, WatchedTable):  # else nobody reads it any more
        for tracing in table.tracings:
            tracing.put(event)


class Looks:
    """The looks at the state of a worker's actor that are not answered yet."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._numbers = count(1)
        self._waiting: dict[int, Future[dict[str, str]]] = {}

    async def look(self) -> dict[str, str]:
        """Return the state of the instance in words, redacted; between two steps of its handlers.

        Raises:
            ActorEndedError: The worker ended meanwhile.
        """
        number = next(self._numbers)
        answer: Future[dict[str, str]] = get_running_loop().create_future()
        self._waiting[number] = answer
        self._channel.send([Op.LOOK, number])
        try:
            return await answer
        finally:
            del self._waiting[number]

    def answered(self, number: int, state: dict[str, str]) -> None:
        """The worker shows its state; who wanted to see it may have left."""
        answer = self._waiting.get(number)
        if answer is not None and not answer.done():
            answer.set_result({str(name): str(text) for name, text in state.items()})

    def close(self, error: Exception) -> None:
        """The worker is gone."""
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(error)


class Telling:
    """Stands in the worker where the reader of a trace is."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def put(self, event: Event) -> None:
        """Send an event on."""
        worker = self._worker
        worker.channel.put([int(Op.TRACED), worker.codec.wrap(event, EVENT_TYPES)])

    def wake(self) -> None:
        """Nothing to do: who waits is in the main process."""


def trace_for(worker: Worker, *, on: bool) -> None:
    """Worker: begin to tell what the actor does, or end it."""
    cell, table = worker.cell, worker.cell.handlers
    if on and not isinstance(table, TracedTable):
        traced = TracedTable(table)
        traced.tracings.append(Telling(worker))  # type: ignore[arg-type]  # of a reader it has what the table asks for
        cell.handlers = traced
    elif not on and isinstance(table, TracedTable):
        cell.handlers = table.original
