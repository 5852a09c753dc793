"""What supervisors report: each start, end, restart and give-up is one event.

A library does not configure logging. Where the application has configured structlog it gets every event. Where nobody
has, warnings and errors go to the standard library's logger of this package's name, and so to standard error.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, Final

from llmactors import Crash, Killed, Normal, Shutdown, causes
from supervisors.errors import shown

LOGGER: Final = "supervisors"
_STANDARD: Final = logging.getLogger(LOGGER)


def is_heard(level: int) -> bool:
    """Tell whether anybody gets events of that level."""
    structlog = sys.modules.get("structlog")  # nobody can have configured what nobody has imported, and it is not light
    if structlog is not None and structlog.is_configured():
        return True
    return level >= logging.WARNING and _STANDARD.isEnabledFor(level)


def report(level: int, event: str, **facts: Any) -> None:
    """Log *event* with its facts; one whose fact is None has none."""
    told = {name: fact for name, fact in facts.items() if fact is not None}
    structlog = sys.modules.get("structlog")
    failed: object = ""
    if structlog is not None and structlog.is_configured():
        try:
            structlog.get_logger(LOGGER).log(level, event, **told)
        except Exception as error:  # noqa: BLE001  the program's logging has failed: that ends nobody of whom it tells
            failed = f" (structlog failed: {shown(error)})"
        else:
            return
    if level >= logging.WARNING:
        text = " ".join(f"{name}={fact}" for name, fact in told.items())
        _STANDARD.log(level, "%s %s%s", event, text, failed)


def described(why: object) -> str:
    """Say in a few words how something ended, or why it did not start."""
    if isinstance(why, Crash):  # the most frequent, for which a `match` takes twice as long
        return f"crash: {_name(why.error)}"
    match why:
        case Normal():
            return "normal"
        case Shutdown():
            return "shutdown"
        case Killed(None):
            return "killed"
        case Killed(cause):
            return f"killed: {_name(cause)}"
        case _:
            return _name(why)


def error_of(why: object) -> BaseException | None:
    """Return the error behind an end or a failed start, if there is one."""
    match why:
        case Crash(error):
            return error
        case Killed(BaseException() as cause):
            return cause
        case BaseException():
            return why
        case _:
            return None


def causes_of(why: object) -> list[str] | None:
    """Return the causal chain in words, the root cause first; None where there is no error."""
    return list(causes(error_of(why))) or None


def _name(error: object) -> str:
    if not isinstance(error, BaseException):
        return error if isinstance(error, str) else shown(error)
    try:
        text = str(error)
    except Exception:  # noqa: BLE001  the kernel knows what to say of such an error
        return causes(error)[-1]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
