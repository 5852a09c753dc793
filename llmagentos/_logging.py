"""Logs, for the command line and `run` only: a library never configures logging.

Every event goes to a bounded record that `llmagentos logs` reads; those of at least the wanted level also go to
standard error, for people on a terminal, as JSON lines otherwise. Standard output stays the answers'. Nothing waits for
who reads standard error: what it does not take in time is left out there, and counted.
"""

import json
import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import Any, TextIO

import structlog

from llmagentos import _record
from llmagentos._core.text import one_line
from llmagentos._unhurried import unhurried

PACKAGES = ("llmactors", "supervisors", "llmagentos")

Event = MutableMapping[str, Any]


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
        logger_factory=structlog.WriteLoggerFactory(unhurried(stream, _left_out(stream))),
        cache_logger_on_first_use=False,
    )


def _left_out(stream: TextIO) -> Callable[[int], str]:
    def told(count: int) -> str:
        if stream.isatty():
            return f"{count} events of the log were left out: nobody read them in time"
        return json.dumps({"event": "log_events_left_out", "level": "warning", "count": count})

    return told


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
    _record.RECORD.write(dict(event))
    return event


def _shown_plain(event: Event) -> Event:
    """Spell out what a terminal would obey: an event may hold a model's or a tool's words."""
    return {key: one_line(value, 2_000) if isinstance(value, str) else value for key, value in event.items()}


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
        console = structlog.dev.ConsoleRenderer()
        return lambda logger, name, event: console(logger, name, _shown_plain(event))
    return structlog.processors.JSONRenderer(ensure_ascii=False)
