"""The last events of this process, for `llmagentos logs`."""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import AsyncGenerator
from typing import Any

KEPT = 2_000
"""Events that are kept."""


class Record:
    """The last events, numbered from 1. Written from any thread, read on any loop."""

    def __init__(self, size: int = KEPT) -> None:
        self._events: deque[tuple[int, dict[str, Any]]] = deque(maxlen=size)
        self._count = 0
        self._lock = threading.Lock()
        self._readers: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def write(self, event: dict[str, Any]) -> None:
        """Keep an event, and wake those who follow."""
        with self._lock:
            self._count += 1
            self._events.append((self._count, event))
            readers = tuple(self._readers)
        for loop, news in readers:
            with contextlib.suppress(RuntimeError):  # a loop that has just been closed reads no more
                loop.call_soon_threadsafe(news.set)

    def since(self, number: int) -> list[tuple[int, dict[str, Any]]]:
        """Answer the events kept after that *number*."""
        with self._lock:
            return [numbered for numbered in self._events if numbered[0] > number]

    async def follow(self, number: int = 0) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the events kept after that *number*, then every new one. A slow reader misses some, never stops any."""
        news = asyncio.Event()
        reader = (asyncio.get_running_loop(), news)
        self._readers.add(reader)
        try:
            while True:
                news.clear()
                for seen, event in self.since(number):
                    number = seen
                    yield event
                await news.wait()
        finally:
            self._readers.discard(reader)


RECORD = Record()
"""This process's events."""
