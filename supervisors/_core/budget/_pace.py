"""How fast something may go on: a token bucket, kept as one time.

Theory of operation
1. The bucket is the *due* time of the generic cell rate algorithm (ITU-T I.371): the time at which all that was let
   through would have been paid for at the rate. A full bucket is a due time in the past.
2. What can be counted beforehand (messages, calls) takes a place: `admit` answers when the unit may go, and the next
   unit's place is behind it. So 10 000 that wait have 10 000 different times, in the order in which they asked: nobody
   polls, and no herd wakes at once.
3. What is known only afterwards (CPU seconds) is owed: `owe` moves the due time on, and when that is in the future the
   next slice waits for it. At most one slice is owed.
4. A place that was not taken in its time lapses: all who missed theirs, while the loop stood still or they were paused,
   would go at once otherwise. They take new places, behind those who wait.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from supervisors._budget import Pace

LATE: Final = 0.25
"""Seconds that a place is kept for its owner, or as many as the burst takes: so long a loop may be busy."""


def admit(pace: Pace, due: float, now: float, units: float = 1.0) -> tuple[float, float]:
    """Take the next place for that many *units*: the new due time, and when they may go (*now* if at once).

    More units than the burst go when all before them is paid for, and those behind them wait the longer.
    """
    rested = max(due, now)
    room = max(0.0, pace.slack - units / pace.rate)
    return rested + units / pace.rate, max(now, due - room)


def lapsed(paces: Iterable[Pace], place: float, now: float) -> bool:
    """Say whether a place in those rates was not taken in its time; where there is no rate, there is none to miss."""
    slacks = [pace.slack for pace in paces]
    return bool(slacks) and now - place > max(LATE, *slacks)


def owe(pace: Pace, due: float, now: float, units: float) -> float:
    """Charge *units* that have been used: the new due time, from which on the next may be used."""
    return max(due, now - pace.slack) + units / pace.rate


def give_back(pace: Pace, due: float, units: float) -> float:
    """Take back *units* that were admitted and will not be used: the new due time."""
    return due - units / pace.rate
