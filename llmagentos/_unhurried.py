"""A stream that is written to without waiting for whoever reads it: standard error, for the events of the log.

Theory of operation
1. Who logs is the event loop. A pipe that nobody reads, or a terminal that is held, would stop it, and all with it.
2. Each piece is written when the descriptor has room for it. A reader that is a little slow is waited for, `PATIENCE`
   a piece; after one that was not there in time nobody is waited for until there is room again.
3. What finds no room is left out and counted; the first line that does says how many there were. A line that was
   begun is finished first, so that lines stay whole.
4. Who has closed the pipe reads no more; a full disk is tried anew with the next event.
"""

import os
import select
import threading
from collections.abc import Callable
from typing import Any, Final, TextIO

PIECE: Final = 4096
"""Bytes at a time: a pipe that is said to have room has room for so many."""
PATIENCE: Final = 0.05
"""Seconds."""


class Unhurried:
    """Lines for a descriptor, from any thread. See above.

    Args:
        descriptor: Where they go. It is not closed by this.
        told: Makes the line that says how many were left out.
        patience: Seconds that a piece of a line may wait for room.

    Attributes:
        left_out: Lines that found no room, in all.
    """

    def __init__(self, descriptor: int, told: Callable[[int], str], patience: float = PATIENCE) -> None:
        self._descriptor, self._told, self._patience = descriptor, told, patience
        self._lock = threading.Lock()
        self._begun = b""  # the rest of a line
        self._untold = 0
        self._waits = self._open = True
        self.left_out = 0

    def write(self, text: str) -> None:
        """Write a line, or leave it out."""
        with self._lock:
            if not self._open:
                self.left_out += 1
                return
            if not self._finish():
                self._leave_out()
                return
            told = f"{self._told(self._untold)}\n" if self._untold else ""
            self._begun = (told + text).encode(errors="backslashreplace")
            whole = len(self._begun)
            if self._finish() or 0 < len(self._begun) < whole:
                self._untold = 0
            else:
                self._begun = b""
                self._leave_out()

    def flush(self) -> None:
        """Nothing to do: what could be written is."""

    def _leave_out(self) -> None:
        self.left_out += 1
        self._untold += 1

    def _finish(self) -> bool:
        """Write the rest of a line; False when there is no room for all of it now."""
        while self._begun:
            if not self._has_room():
                return False
            try:
                written = os.write(self._descriptor, self._begun[:PIECE])
            except BlockingIOError:
                return False
            except OSError as error:
                self._begun = b""
                self._open = not isinstance(error, BrokenPipeError)
                return False
            self._begun = self._begun[written:]
        return True

    def _has_room(self) -> bool:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        self._waits = bool(poll.poll(self._patience * 1_000 if self._waits else 0))
        return self._waits


def unhurried(stream: TextIO, told: Callable[[int], str]) -> Any:
    """Return what writes to *stream*'s descriptor without waiting; *stream* itself where it has none."""
    try:
        descriptor = stream.fileno()
    except (AttributeError, OSError, ValueError):  # no file: what is written stays in memory
        return stream
    return Unhurried(descriptor, told)
