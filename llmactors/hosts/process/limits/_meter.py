"""What a process and all that it has started use, as the kernel counts it."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

SCHEDULED: Final = 2
"""The kind of clock that counts a process's CPU time, in Linux's numbering of clocks (``CPUCLOCK_SCHED``)."""


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds that a process, its threads counted, has used, to the nanosecond.

    Raises:
        ProcessLookupError: it is gone.
    """
    try:
        return time.clock_gettime((~pid << 3) | SCHEDULED)
    except OSError as error:
        raise ProcessLookupError(pid) from error


def tree(pid: int) -> list[int]:
    """Return a process and all below it, the process first; without those that end while we look."""
    found = [pid]
    for each in found:
        with suppress(OSError):
            for task in os.scandir(f"/proc/{each}/task"):
                with suppress(OSError):
                    found += map(int, Path(task.path, "children").read_text().split())
    return found


class Meter:
    """Adds up the CPU time of a process and all below it; what those below had used stays counted when they end."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._seen: dict[int, float] = {}
        self._gone = 0.0

    def read(self) -> float:
        """Return the CPU seconds used so far. What ended between two readings is not seen after the earlier one."""
        now = {}
        for pid in tree(self._pid):
            with suppress(ProcessLookupError):
                now[pid] = cpu_seconds(pid)
        self._gone += sum(used for pid, used in self._seen.items() if pid not in now)
        self._seen = now
        return self._gone + sum(now.values())
