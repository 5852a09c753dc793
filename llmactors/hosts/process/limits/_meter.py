"""What a process and all that it has started use, as the kernel counts it."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

SCHEDULED: Final = 2
"""The kind of clock that counts a process's CPU time, in Linux's numbering of clocks (``CPUCLOCK_SCHED``)."""

TICKS: Final = os.sysconf("SC_CLK_TCK")
"""The kernel's ticks in a second."""


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


def cpu_seconds_of_children(pid: int) -> float:
    """Return the CPU seconds of the children, and theirs, that a process has waited for.

    Raises:
        ProcessLookupError: it is gone.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError as error:
        raise ProcessLookupError(pid) from error
    return (int(fields[13]) + int(fields[14])) / TICKS


class Meter:
    """Adds up the CPU time of a process and all below it, those that have ended included."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._seen = 0.0
        self.processes = 0  # at the last reading

    def read(self) -> float:
        """Return the CPU seconds used so far. What ended and was waited for by nobody is not seen."""
        now = 0.0
        pids = tree(self._pid)
        for pid in pids:
            with suppress(ProcessLookupError):
                now += cpu_seconds(pid) + cpu_seconds_of_children(pid)
        self.processes = len(pids)
        self._seen = max(self._seen, now)
        return self._seen
