"""What `ActorRef.stop` returns: nothing that one has to look at, and something that one may wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmactors._core.flags import DEAD, ENDED
from llmactors._exits import Exit, Killed

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Generator

    from llmactors._ref import ActorRef


class Stopping:
    """`await ref.stop()` waits until the incarnation that was told to stop has ended, and returns how it ended."""

    __slots__ = ("_incarnation", "_ref")

    def __init__(self, ref: ActorRef[Any]) -> None:
        self._ref = ref
        self._incarnation = 0 if ref.extra is None else ref.extra.incarnation

    def __await__(self) -> Generator[Any, None, Exit]:
        """Wait for the end. Belongs to the loop."""
        return self._ended().__await__()

    async def _ended(self) -> Exit:
        ref, extra = self._ref, self._ref.need_extra()
        if extra.incarnation != self._incarnation:
            return extra.exit_before or Killed()
        if ref.flags & (ENDED | DEAD):
            return extra.exit or Killed()
        waiting = _Waiting(ref.scheduler.loop.create_future())
        if extra.monitors is None:
            extra.monitors = {}
        extra.monitors[waiting] = None  # type: ignore[index]  # it fires as a monitor does
        try:
            return await waiting.ended
        finally:
            if extra.monitors is not None:
                extra.monitors.pop(waiting, None)  # type: ignore[call-overload]  # as above


class _Waiting:
    """Stands among an incarnation's monitors, and hears of its end as they do."""

    __slots__ = ("ended",)

    def __init__(self, ended: Future[Exit]) -> None:
        self.ended = ended

    def fire(self, exit: Exit) -> None:
        if not self.ended.done():
            self.ended.set_result(exit)
