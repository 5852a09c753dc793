"""Threads that were given up: a thread cannot be killed, so one that does not come back is fenced, and counted here."""

from __future__ import annotations

import ctypes
import logging
import threading
from typing import Final
from weakref import WeakSet

from llmactors._reports import report

ASYNC_EXC: Final = "PyThreadState_SetAsyncExc"
"""What a thread is interrupted by, other than the main one: an exception at its next step in Python."""

STEPS: Final = 10
"""In so many steps an exception that was sent is raised; one would do."""

_given_up: Final[WeakSet[threading.Thread]] = WeakSet()


class Interrupted(BaseException):
    """Raised in a thread whose life is over, or whose handler is past its limit, at its next step in Python."""


def give_up(thread: threading.Thread, path: str) -> None:
    """Count a thread that runs on although its life is over."""
    _given_up.add(thread)
    report(logging.WARNING, "thread_abandoned", path=path, thread=thread.name, abandoned=len(abandoned_threads()))


def abandoned_threads() -> tuple[str, ...]:
    """Return the names of the threads of this process that were given up and still run.

    One that Python code keeps busy is interrupted and soon ends; one that sleeps or computes in C code stays until it
    comes back. Whatever it does, nothing that it sends arrives.
    """
    return tuple(sorted(thread.name for thread in _given_up if thread.is_alive()))


class Occupation:
    """Whether a thread is in users' code: it is interrupted there, and nowhere else.

    An interrupt that was sent is always taken, by users' code or by `end`. It must not be left or withdrawn: the
    interpreter has one mark for all its threads that an exception is under way, and only raising it takes the mark off.
    While it is on, every thread is slower, and CPython 3.11 hangs as soon as code is traced, as by a debugger.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy = self._sent = False
        self.thread: threading.Thread | None = None

    def begin(self) -> None:
        """Users' code begins. On the thread."""
        with self._lock:
            self._busy = True

    def end(self) -> None:
        """Users' code has ended. On the thread. An interrupt that has not been raised yet comes too late."""
        while True:
            try:
                with self._lock:
                    self._busy = False
                if self._sent:
                    self._sent = False
                    for _ in range(STEPS):  # where it has been raised already, this is all there is to it
                        pass
            except Interrupted:
                continue
            return

    def interrupt(self) -> bool:
        """Interrupt users' code, if the thread is in it; say whether it was."""
        with self._lock:
            if self._busy and self.thread is not None and self.thread.ident is not None:
                self._sent = True
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self.thread.ident), ctypes.py_object(Interrupted)
                )
            return self._busy
