"""Fences: what a life that runs on a thread of its own sends, arrives only while that life counts.

A thread cannot be killed. A life that has been killed may run on in it, so everything that leaves its thread for the
loop passes its fence, there, in the order in which it was sent.
"""

from __future__ import annotations

from threading import local
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable


class Fence:
    """Open while its life counts. Closed on the loop; looked at there, too, so that it is never half closed."""

    __slots__ = ("open",)

    def __init__(self) -> None:
        self.open = True

    def let_through(self, call: Callable[..., Any], *args: Any) -> None:
        """Make a call that was sent by the life's thread, if the life still counts."""
        if self.open:
            call(*args)


class _Here(local):
    fence: Fence | None = None


_here = _Here()


def enter(fence: Fence) -> None:
    """From here on what this thread sends passes *fence*."""
    _here.fence = fence


def fence_here() -> Fence | None:
    """Return the fence of the life that runs on this thread, if one does."""
    return _here.fence


def call_on(loop: AbstractEventLoop, call: Callable[..., Any], *args: Any) -> bool:
    """Have *loop* call back, from another thread; False when it is no more, or the life that this thread runs."""
    fence = fence_here()
    if fence is not None:
        if not fence.open:
            return False
        call, args = fence.let_through, (call, *args)
    try:
        loop.call_soon_threadsafe(call, *args)
    except RuntimeError:
        if loop.is_closed():
            return False
        raise
    return True
