"""How fast something may go on: a token bucket, kept as one time.

Theory of operation
1. The bucket is the *due* time of the generic cell rate algorithm (ITU-T I.371): the time at which all that was let
   through would have been paid for at the rate. A full bucket is a due time in the past.
2. What can be counted beforehand (messages, calls) takes a place: `admit` answers when the unit may go, and the next
   unit's place is behind it. So 10 000 that wait have 10 000 different times, in the order in which they asked: nobody
   polls, and no herd wakes at once.
3. What is known only afterwards (CPU seconds) is owed: `owe` moves the due time on, and when that is in the future the
   next slice waits for it. At most one slice is owed.
"""

from __future__ import annotations

from supervisors._budget import Pace


def admit(pace: Pace, due: float, now: float, units: float = 1.0) -> tuple[float, float]:
    """Take the next place for that many *units*: the new due time, and when they may go (*now* if at once).

    More units than the burst go when all before them is paid for, and those behind them wait the longer.
    """
    rested = max(due, now)
    room = max(0.0, pace.slack - units / pace.rate)
    return rested + units / pace.rate, max(now, due - room)


def owe(pace: Pace, due: float, now: float, units: float) -> float:
    """Charge *units* that have been used: the new due time, from which on the next may be used."""
    return max(due, now - pace.slack) + units / pace.rate


def give_back(pace: Pace, due: float, units: float) -> float:
    """Take back *units* that were admitted and will not be used: the new due time."""
    return due - units / pace.rate
