"""Lives: how long actors take to begin, how much they weigh, and how soon they are back.

- **spawn**: actors begun one after the other until the last one has answered an ask. Ending them is not timed. The
  memory is what the process grew by, for each.
- **spawn-used**: the same, and every actor has handled one message.
- **restart**: an actor is told to raise; the time from then until the next life has answered an ask. The median of
  all.
"""

import os
import statistics
from collections.abc import Sequence
from pathlib import Path

from cases.kinds import TIME, Case, Reading, Readings, time_of

MEMORY = Reading("memory", "B")

CASES = (
    Case("spawn", "spawn", (TIME, MEMORY)),
    Case("spawn-used", "spawn, once used", (TIME, MEMORY)),
    Case("restart", "restart until it answers"),
)


def resident_bytes(pid: int | None = None) -> int:
    """Return how much memory a process (this one without a number) holds, in bytes. Linux only."""
    pages = Path(f"/proc/{pid or 'self'}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def spawned(seconds: float, grown: int, actors: int) -> Readings:
    """Return the readings of *actors* that took that long and made the process grow by that many bytes."""
    return {**time_of(seconds, actors), MEMORY.name: grown / actors}


def restarted(seconds: Sequence[float]) -> Readings:
    """Return the readings of restarts that took that long each."""
    return time_of(statistics.median(seconds), 1)
