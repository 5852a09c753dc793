"""Logs, for the command line and `run` only: a library never configures logging.

Every event goes to a bounded record that `llmagentos logs` reads; those of at least the wanted level also go to
standard error, for people on a terminal, as JSON lines otherwise. Standard output stays the answers'.
"""

import asyncio
import contextlib
import logging
import sys
import threading
from collections import deque
from collections.abc import AsyncGenerator, MutableMapping
from typing import Any, TextIO

import structlog

KEPT = 2_000
"""Events that are kept for `llmagentos logs`."""
PACKAGES = ("llmactors", "supervisors", "llmagentos")

Event = MutableMapping[str, Any]


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


def configure(level: str = "info", stream: TextIO | None = None) -> None:
    """Send events of at least *level* to *stream*, standard error by default.

    Levels are "debug", "info", "warning", "error" and "never".
    """
    stream = stream or sys.stderr
    shown = logging.CRITICAL + 1 if level == "never" else logging.getLevelNamesMapping()[level.upper()]
    for package in PACKAGES:
        logging.getLogger(package).setLevel(min(shown, logging.INFO))
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _as_words,
            _to_record,
            _Shown(shown),
            _renderer(stream),
        ],
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )


def _as_words(_: Any, __: str, event: Event) -> Event:
    """Make every value one that JSON has; what is none is told in words."""
    return {key: _plain(value) for key, value in event.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, str | int | float | bool | None):
        return value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(value)


def _to_record(_: Any, __: str, event: Event) -> Event:
    RECORD.write(dict(event))
    return event


class _Shown:
    """Lets pass what is of at least *level*."""

    def __init__(self, level: int) -> None:
        self._level = level

    def __call__(self, _: Any, __: str, event: Event) -> Event:
        if logging.getLevelNamesMapping()[str(event["level"]).upper()] < self._level:
            raise structlog.DropEvent
        return event


def _renderer(stream: TextIO) -> Any:
    if stream.isatty():
        return structlog.dev.ConsoleRenderer()
    return structlog.processors.JSONRenderer(ensure_ascii=False)
