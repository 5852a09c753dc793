"""Messages from other threads, on their way to the loop: no more of them for an actor than its mailbox holds.

The loop's own queue of calls from elsewhere has no bound. While the loop is busy, whoever tells from a thread would
fill the memory with what the mailbox will refuse anyway. So each message is counted until the loop takes it in.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from llmactors import _slots as slots
from llmactors._fence import fence_here
from llmactors._messages import DeadLetter
from llmactors._signals import put

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from llmactors._fence import Fence
    from llmactors._ref import ActorRef


class Crossing:
    """Where messages for the actors of one system cross over to its loop."""

    __slots__ = ("_lock", "_loop", "_on_their_way", "_refused", "_signals")

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = Lock()
        self._on_their_way: dict[ActorRef[Any], int] = {}
        self._refused: dict[ActorRef[Any], tuple[Any, int]] = {}
        self._signals: dict[tuple[ActorRef[Any], Fence | None], list[Any]] = {}

    def tell(self, ref: ActorRef[Any], message: Any) -> bool:
        """Send *message*, from another thread; say whether it is on its way and there is room for it now."""
        fence = fence_here()
        if fence is not None and not fence.open:
            return False
        with self._lock:
            count = self._on_their_way.get(ref, 0)
            first = ref not in self._refused
            refused = count >= slots.capacity_of(ref)
            if refused:
                self._refused[ref] = (message, 1) if first else (message, self._refused[ref][1] + 1)
            else:
                self._on_their_way[ref] = count + 1
        try:
            if not refused:
                self._loop.call_soon_threadsafe(self._arrive, fence, ref, message)
            elif first:
                self._loop.call_soon_threadsafe(self._report, ref)
        except RuntimeError:
            if self._loop.is_closed():
                return False
            raise
        return not refused and ref.has_room()

    def signal(self, ref: ActorRef[Any], signal: Any) -> None:
        """Send a control signal, from another thread; while the loop is busy, one that says nothing new is not kept."""
        fence = fence_here()
        if fence is not None and not fence.open:
            return
        with self._lock:
            lane = self._signals.setdefault((ref, fence), [])
            first = not lane
            put(lane, signal)
        if first:
            try:
                self._loop.call_soon_threadsafe(self._arrive_signals, fence, ref)
            except RuntimeError:
                del self._signals[ref, fence]
                if not self._loop.is_closed():
                    raise

    def _arrive_signals(self, fence: Fence | None, ref: ActorRef[Any]) -> None:
        with self._lock:
            lane = self._signals.pop((ref, fence))
        if fence is None or fence.open:
            for signal in lane:
                ref.signal(signal)

    def _arrive(self, fence: Fence | None, ref: ActorRef[Any], message: Any) -> None:
        with self._lock:
            left = self._on_their_way[ref] - 1
            if left:
                self._on_their_way[ref] = left
            else:
                del self._on_their_way[ref]
        if fence is None or fence.open:
            ref.tell(message)

    def _report(self, ref: ActorRef[Any]) -> None:
        """Count what was refused while the loop was busy; the last of it stands for all."""
        with self._lock:
            message, count = self._refused.pop(ref)
        ref.system.dead_letters.add(DeadLetter(message, ref.path, "full"), count)
