"""What `ActorRef.stop` returns: nothing that one has to look at, and something that one may wait for."""

from __future__ import annotations

from threading import get_ident
from typing import TYPE_CHECKING, Any

from llmactors._core.flags import DEAD, ENDED
from llmactors._exits import Exit, Killed

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Generator

    from llmactors._ref import ActorRef


class Stopping:
    """`await ref.stop()` waits until the incarnation that was told to stop has ended, and returns how it ended."""

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
