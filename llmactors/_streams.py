"""Streams: an answer in many parts, the reader's pace governing the producer's.

Theory of operation
1. A `Flow` travels in the mailbox like a message; its handler is an async generator. The reader holds a `Stream`, which
   holds the flow; the producer never holds the stream, so the reader's last reference ends it.
2. The producer may be `window` items ahead. Each item costs a credit; the reader gives credits back by half windows.
3. Leaving (`aclose`, the end of `async with`, cancellation, the last reference) cancels the handler at its await.
4. A producer that has waited `idle` seconds for its reader cuts the stream.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

from llmactors._asks import Ask
from llmactors._batch import Batch
from llmactors._carried import Envelope, present
from llmactors._core.flags import REMOTE
from llmactors.errors import StreamIdleError

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import AsyncGenerator
    from contextvars import Context
    from types import TracebackType

    from llmactors._messages import StreamMessage
    from llmactors._ref import ActorRef
    from llmactors.hosts._port import RemoteHost

T = TypeVar("T")


class Flow(Generic[T]):
    """The stream between its two ends: a bounded buffer, credits, and how it ended."""

    __slots__ = (
        "_buffer",
        "_credit",
        "_half",
        "_idle",
        "_reader",
        "_room",
        "_taken",
        "cell",
        "context",
        "done",
        "error",
        "message",
        "window",
    )

    def __init__(self, cell: ActorRef[Any], message: StreamMessage[Any, T], window: int, idle: float) -> None:
        self.cell, self.message = cell, message
        self._buffer: deque[T] = deque()
        self.window, self._half, self._credit = window, max(1, window // 2), window
        self._idle, self._taken = idle, 0
        self._reader: Future[None] | None = None
        self._room: Future[None] | None = None
        self.error: BaseException | None = None
        self.done = False
        self.context: Context | None = None  # the reader's

    def pending(self) -> bool:
        """Say whether the stream is still open."""
        return not self.done

    @property
    def overrun(self) -> bool:
        """Whether one item more would be more than the reader has room for."""
        return self._credit <= 0

    # -- the producer's end ----------------------------------------------------------------------------------
    def put(self, item: T) -> bool:
        """Give the reader an item; False when the producer must wait for credit."""
        if self.done:
            return False
        self._buffer.append(item)
        self.cell.need_extra().beats += 1
        self._wake()
        self._credit -= 1
        return self._credit > 0

    def fail(self, error: BaseException | None) -> None:
        """End the stream: what is buffered can still be read, then *error* is raised, if there is one."""
        if not self.done:
            self.done = True
            self.error = error
            self._wake()
            self.grant(0)

    async def feed(self, items: AsyncGenerator[T, None]) -> None:
        """Run the handler: hand over its items at the reader's pace, and close it whatever happens."""
        try:
            async for item in items:
                if not self.put(item) and not await self._wait_for_room():
                    break
            self.fail(None)
        finally:
            await items.aclose()

    async def _wait_for_room(self) -> bool:
        """Wait for credit; False when the reader has gone or stood still for too long."""
        loop = self.cell.scheduler.loop
        while self._credit <= 0 and not self.done:
            self._room = loop.create_future()
            timer = loop.call_later(self._idle, self._cut)
            try:
                await self._room
            finally:
                timer.cancel()
        return not self.done

    def _cut(self) -> None:
        self.fail(StreamIdleError(self.cell.path, self._idle))

    def _wake(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None and not reader.done():
            reader.set_result(None)

    # -- the reader's end ------------------------------------------------------------------------------------
    async def next(self) -> T:
        """Take the next item.

        Raises:
            StopAsyncIteration: The stream has ended.
        """
        buffer = self._buffer
        while not buffer:
            if self.done:
                if self.error is not None:
                    raise self.error
                raise StopAsyncIteration
            if self._reader is not None and not self._reader.done():
                raise RuntimeError("a stream has one reader; another task is waiting for its next item")
            self._reader = self.cell.scheduler.loop.create_future()
            await self._reader
        self._taken += 1
        if self._taken >= self._half:
            taken, self._taken = self._taken, 0
            self.grant(taken)
        return buffer.popleft()

    def grant(self, more: int) -> None:
        """Let the producer go on for *more* items more, wherever it is by now."""
        self._credit += more
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)
        if more and not self.done and self.cell.flags & REMOTE:
            cast("RemoteHost", self.cell.handlers.host).grant(self.cell, self, more)

    def leave(self) -> None:
        """Stop reading: the producer is cancelled at its await."""
        if not self.done:
            self.fail(None)
            self._buffer.clear()
            self.cell.abandon(self)


class Stream(Generic[T]):
    """The items that a stream endpoint yields: `async with ref.stream(...) as items: async for item in items: ...`."""

    __slots__ = ("_flow", "_opened")

    def __init__(self, flow: Flow[T]) -> None:
        self._flow = flow
        self._opened = False

    async def __aenter__(self) -> Self:
        self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._flow.leave()

    def __aiter__(self) -> Self:
        self._open()
        return self

    async def __anext__(self) -> T:
        return await self._flow.next()

    async def aclose(self) -> None:
        """Leave the stream: the producer stops at its next await. Leaving twice does nothing."""
        self._flow.leave()

    def _open(self) -> None:
        """Send the message, once. Raises `MailboxFullError` or `ActorEndedError` when the actor does not take it."""
        if not self._opened:
            self._opened = True
            self._flow.context = present(self._flow.cell.scheduler)
            self._flow.cell.accept(self._flow)
            if self._flow.error is not None:
                raise self._flow.error

    def __del__(self) -> None:
        if self._opened and not self._flow.done:
            loop = self._flow.cell.scheduler.loop
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._flow.leave)


def message_of(item: Any) -> Any:
    """Return the message in what a mailbox holds: an ask or a stream carries one, a tell is one."""
    return item.message if isinstance(item, (Ask, Batch, Envelope, Flow)) else item
