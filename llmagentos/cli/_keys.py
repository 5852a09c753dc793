"""The keys that a person presses while something is shown, one at a time and without Enter."""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator

Wait = Callable[[float], str]
"""Waits so many seconds for a key; answers it, or nothing."""


@contextlib.contextmanager
def keys() -> Iterator[Wait]:
    """Read keys from the terminal while the block lasts; where there is none, wait for nothing but the time."""
    if not sys.stdin.isatty() or sys.platform == "win32":
        yield _sleep
        return
    import termios
    import tty

    where = sys.stdin.fileno()
    before = termios.tcgetattr(where)
    tty.setcbreak(where)
    try:
        yield lambda seconds: _key(where, seconds)
    finally:
        termios.tcsetattr(where, termios.TCSADRAIN, before)


def _sleep(seconds: float) -> str:
    time.sleep(seconds)
    return ""


def _key(where: int, seconds: float) -> str:
    import select

    ready, _, _ = select.select([where], [], [], seconds)
    if not ready:
        return ""
    return os.read(where, 1).decode(errors="replace") or "q"  # the terminal is gone, and nobody looks
