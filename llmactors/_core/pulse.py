"""A worker process that does not react: when it is past its limit, and when it is only slow.

Theory of operation
1. A loop that turns answers. One that does not is busy with the message in hand, held by code in C, or stopped; which
   of these, nobody outside can tell, so all have the same time: the limit of the message in hand, or `patience` where
   there is none. A new message in hand begins a new time: that is progress.
2. What is not its own doing does not count: time in which it was ready to run and had no processor, time in which it
   waited for a disk, and time in which the one who looks did not look.
3. A process that is stopped (SIGSTOP) for `patience` will not go on by itself. One with a debugger is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any


class Verdict(Enum):
    """What to do about the worker."""

    NOTHING = "nothing"
    OVERRUN = "overrun"  # past the limit of what it has in hand
    SILENT = "silent"  # it has nothing in hand, and does not react
    STOPPED = "stopped"  # it was stopped from outside


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen at one look.

    Args:
        now: Seconds.
        hand: What tells one message in hand from the next; None for none.
        limit: Seconds that it may take; None for as long as it likes.
        answered: Whether the loop has reacted since the last look.
        state: The kernel's letter for what the process does (`R`, `S`, `D`, `T`, ...).
        stalled: Seconds in which it was ready to run and did not, since it began.
    """

    now: float
    hand: Any
    limit: float | None
    answered: bool
    state: str
    stalled: float


@dataclass(frozen=True, slots=True)
class Pulse:
    """Since when nothing was heard, without the time that does not count."""

    hand: Any = None
    since: float = 0.0
    looked: float = 0.0
    stalled: float = 0.0
    stopped_since: float | None = None


def look(pulse: Pulse | None, sight: Sight, period: float, patience: float) -> tuple[Pulse, Verdict]:
    """Look at a worker, every *period* seconds."""
    now = sight.now
    if pulse is None or sight.answered or sight.hand != pulse.hand:
        return Pulse(sight.hand, now, now, sight.stalled), Verdict.NOTHING
    passed = now - pulse.looked
    stalled = max(passed - 2 * period, sight.stalled - pulse.stalled, 0.0)
    excused = passed if sight.state in {"D", "t"} else stalled
    since = pulse.since + min(excused, passed)
    stopped = None
    if sight.state == "T":
        stopped = now if pulse.stopped_since is None or passed > 2 * period else pulse.stopped_since
    pulse = replace(pulse, since=since, looked=now, stalled=sight.stalled, stopped_since=stopped)
    if stopped is not None and now - stopped >= patience:
        return pulse, Verdict.STOPPED
    limit = patience if sight.hand is None else sight.limit
    if limit is None or now - since <= limit + period:
        return pulse, Verdict.NOTHING
    return pulse, Verdict.SILENT if sight.hand is None else Verdict.OVERRUN
