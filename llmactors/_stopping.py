"""Waiting for what becomes of an actor: that it is up, that an incarnation has ended, that its slot is no more."""

from __future__ import annotations

from asyncio import CancelledError
from threading import get_ident
from typing import TYPE_CHECKING, Any

from llmactors._core.flags import DEAD, ENDED, ENDING, STARTING
from llmactors._exits import Exit, Killed
from llmactors.errors import ActorEndedError, StartFailedError

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Generator

    from llmactors._ref import ActorRef


class Stopping:
    """What `ActorRef.stop` returns, to be looked at or not.

    `await ref.stop()` waits until the incarnation that was told to stop has ended, and returns how it ended.
    """

    __slots__ = ("_exit", "_ref", "_waiting")

    def __init__(self, ref: ActorRef[Any]) -> None:
        self._ref = ref
        self._exit: Exit | None = None
        self._waiting: list[Future[Exit]] = []

    def fire(self, exit: Exit) -> bool:
        """The incarnation has ended; say whether anybody waited for it. For the kernel."""
        self._exit = exit
        for future in self._waiting:
            if not future.done():
                future.set_result(exit)
        return bool(self._waiting)

    def __await__(self) -> Generator[Any, None, Exit]:
        """Wait for the end. Belongs to the loop."""
        return self._ended().__await__()

    async def _ended(self) -> Exit:
        if self._exit is not None:
            return self._exit
        ref = self._ref
        if ref.flags & (ENDED | DEAD):
            return ref.need_extra().exit or Killed()
        if ref.need_extra().leaving is not self:  # it was told from another thread
            return await told(ref)
        future: Future[Exit] = ref.scheduler.loop.create_future()
        self._waiting.append(future)
        try:
            return await future
        finally:
            self._waiting.remove(future)


def told(ref: ActorRef[Any]) -> Stopping:
    """Return what hears of the end of the present incarnation: the same for everybody who tells it to stop."""
    if ref.flags & (ENDED | DEAD) or get_ident() != ref.scheduler.thread:
        return Stopping(ref)
    extra = ref.need_extra()
    if extra.leaving is None:
        extra.leaving = Stopping(ref)
    return extra.leaving


async def until_discarded(ref: ActorRef[Any]) -> Exit:
    """Wait until the slot is discarded, and return how its last incarnation ended."""
    extra = ref.need_extra()
    if ref.flags & DEAD:
        return extra.exit or Killed()
    if extra.gone is None:
        extra.gone = []
    future: Future[Exit] = ref.scheduler.loop.create_future()
    extra.gone.append(future)
    try:
        return await future
    except CancelledError:
        if extra.gone is not None:
            extra.gone.remove(future)
        raise


def until_up(ref: ActorRef[Any]) -> Generator[Any, None, None]:
    """Wait until an incarnation is up.

    Raises:
        StartFailedError: It could not start; `__cause__` says why.
        ActorEndedError: The slot was discarded.
    """
    while ref.flags & (STARTING | ENDED | ENDING | DEAD):
        extra = ref.need_extra()
        if ref.flags & DEAD:
            if extra.start_error is not None:
                raise StartFailedError(ref.path, extra.start_error)
            raise ActorEndedError(ref.path, extra.exit)
        if extra.up is None:
            extra.up = []
        future: Future[None] = ref.scheduler.loop.create_future()
        extra.up.append(future)
        try:
            yield from future
        except CancelledError:
            if extra.up is not None:
                extra.up.remove(future)
            raise
