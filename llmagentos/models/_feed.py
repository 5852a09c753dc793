"""From a blocking producer in a thread to a reader on the event loop, with back-pressure.

1. The producer runs in a thread and offers item after item; `offer` blocks while *window* items wait to be read.
2. The reader takes them on the loop, in order. The producer's error, if any, comes after the last item.
3. When the reader leaves, every `offer` answers False from then on, at once: the producer is to stop.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Executor
from typing import Final, Generic, TypeVar

T = TypeVar("T")
_END: Final = object()

LOOK_AROUND = 1.0
"""Seconds after which a producer that waits for room looks whether the reader's loop still exists."""


class Feed(Generic[T]):
    """One producer's way to one reader. Made on the reader's loop, used once.

    Args:
        window: How many items may wait to be read.
    """

    def __init__(self, window: int = 32) -> None:
        self._loop = asyncio.get_running_loop()
        self._items: asyncio.Queue[object] = asyncio.Queue()
        self._room = threading.Semaphore(window)
        self._left = threading.Event()

    def offer(self, item: T) -> bool:
        """Hand *item* to the reader, waiting for room; in the producer's thread. False: the reader has left."""
        while not self._left.is_set() and not self._room.acquire(timeout=LOOK_AROUND):
            if self._loop.is_closed():
                return False
        if self._left.is_set():
            return False
        self._loop.call_soon_threadsafe(self._items.put_nowait, item)
        return True

    def leave(self) -> None:
        """Tell the producer to stop; from any thread. A reader that still reads sees the end after what is queued."""
        self._left.set()
        self._room.release()

    async def read(self, executor: Executor, produce: Callable[[Callable[[T], bool]], None]) -> AsyncGenerator[T, None]:
        """Run `produce(offer)` in *executor* and yield what it offers; leaving the iteration stops it.

        Leaving does not wait for the producer's thread: it may be busy until its next `offer`.

        Raises:
            Exception: Whatever *produce* raises, after its last item.
        """
        ended = self._loop.run_in_executor(executor, self._run, produce)
        try:
            while (item := await self._items.get()) is not _END:
                self._room.release()
                yield item  # type: ignore[misc] # the queue holds what was offered, and the end
            await ended
        finally:
            self.leave()
            ended.cancel()  # takes it out of the executor's queue if it has not begun; nobody listens to it any more

    def _run(self, produce: Callable[[Callable[[T], bool]], None]) -> None:
        try:
            if not self._left.is_set():
                produce(self.offer)
        finally:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._items.put_nowait, _END)
