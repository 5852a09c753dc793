"""A share of CPU by letting a process run and stand still in turn, corrected by what it has really used.

Theory of operation
1. What a process uses is owed at the rate of its share. While nothing is owed it runs, and is looked at after a
   *quantum*; when something is owed it stands still until that is paid.
2. What counts is what was measured, not how long it was let run: on a machine where others take a part of the CPU away,
   a process still gets its share.
3. One that uses nothing is looked at less and less often.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

QUANTUM: Final = 0.01
"""Seconds that a process runs before it is looked at."""
CREDIT: Final = 0.05
"""Seconds of its share that a process at rest may be ahead."""
LONGEST: Final = 0.2
"""Seconds that one at rest is not looked at."""


@dataclass(frozen=True, slots=True)
class Duty:
    """How a throttled process is doing.

    Attributes:
        share: cores that it may use.
        due: the time at which all it has used is paid for.
        used: CPU seconds that it had used when it was last looked at.
        stopped: whether it stands still.
        pause: seconds until it was to be looked at.
    """

    share: float
    due: float
    used: float
    stopped: bool = False
    pause: float = QUANTUM


def begin(share: float, used: float, now: float) -> Duty:
    """Begin to hold a process to *share* cores, of which it has *used* so many CPU seconds."""
    return Duty(share, now - CREDIT, used)


def change(duty: Duty, share: float, now: float) -> Duty:
    """Hold a process to another share from now on; what it owes is worth as much, and is paid for at the new rate."""
    return replace(duty, share=share, due=now + (duty.due - now) * duty.share / share, pause=QUANTUM)


def look(duty: Duty, used: float, now: float) -> tuple[Duty, float]:
    """Decide what follows from what has been *used* by now: whether it stands still, and when to look again."""
    spent = max(0.0, used - duty.used)
    due = max(duty.due, now - CREDIT) + spent / duty.share
    if due > now:
        return Duty(duty.share, due, used, stopped=True), due
    idle = spent < QUANTUM / 10 and not duty.stopped
    pause = min(LONGEST, 2 * duty.pause) if idle else QUANTUM
    return Duty(duty.share, due, used, stopped=False, pause=pause), now + pause
