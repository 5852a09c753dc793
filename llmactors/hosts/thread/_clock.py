"""The processor's time that a thread has used, read from another one."""

from __future__ import annotations

import threading
import time
from contextlib import suppress


class ThreadClock:
    """Begun and ended on the thread; the clock of a thread that has ended must not be read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clock: int | None = None
        self._used = 0.0

    def begin(self) -> None:
        """Read this thread's clock from here on. Neither macOS nor Windows has one that others can read."""
        read = getattr(time, "pthread_getcpuclockid", None)
        with self._lock:
            self._clock = None if read is None else int(read(threading.get_ident()))

    def end(self) -> None:
        """Keep what this thread has used: it is about to end."""
        with self._lock:
            self._clock, self._used = None, time.thread_time()

    def seconds(self) -> float:
        """Return the CPU seconds used so far."""
        with self._lock:
            if self._clock is not None:
                with suppress(OSError):  # it ended without a word
                    self._used = time.clock_gettime(self._clock)
            return self._used
