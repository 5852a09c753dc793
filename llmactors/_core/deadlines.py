"""Deadlines by the thousand, for the price of a list append.

Theory of operation
1. Most asks are answered long before their deadline. A new entry goes into `young`; nothing is sorted, no timer made.
2. Once a tick, what is still pending of the young is filed in a bucket of its deadline's tick; the rest is forgotten.
3. Buckets whose tick has passed are handed out as expired. An entry is therefore found at most one tick late.
4. What was answered after it was filed is swept out, `SWEPT` entries a tick, round after round: a deadline of a day
   keeps nothing for a day that was over in a second.
5. An entry may move its deadline to a later time: it is looked at when the former one has passed, and filed anew.

The idea is that of hashed timing wheels (Varghese and Lauck, 1987) with the young generation of a garbage collector
before it.
"""

from __future__ import annotations

from math import inf, nextafter
from typing import Final, Protocol

TICK: Final = 0.02  # seconds; a deadline is noticed at most this late
EARLIEST: Final = -1e12  # seconds; what is due before that is due then
SWEPT: Final = 1024  # filed entries that are looked at again in each tick


def check_time(name: str, seconds: object) -> None:
    """See that *seconds*, an argument called *name*, is a time that one can wait. Below 0 it is up already.

    Raises:
        ValueError: It is no number, or none that times can be compared with.
    """
    try:
        is_time = float(seconds) > -inf  # type: ignore[arg-type]  # that is what is asked
    except (TypeError, ValueError, OverflowError):
        is_time = False
    if not is_time or isinstance(seconds, str):
        raise ValueError(f"{name}={seconds!r}: a time is a number of seconds")


class Deadline(Protocol):
    """What can be watched: it knows its time, and whether it still matters."""

    deadline: float

    def pending(self) -> bool:
        """Say whether the deadline still matters. One that does not is forgotten."""
        ...

    def expired(self) -> None:
        """The deadline has passed."""
        ...


class Wheel:
    """Watches deadlines. Times are seconds on the clock of the caller."""

    __slots__ = ("_buckets", "_place", "_unswept", "young")

    def __init__(self) -> None:
        self.young: list[Deadline] = []
        self._buckets: dict[int, list[Deadline]] = {}
        self._unswept: list[int] = []  # the ticks of buckets that this round of sweeping has still to come to
        self._place = 0  # in the bucket of the last of them

    def __bool__(self) -> bool:
        return bool(self.young or self._buckets)

    def expire(self, now: float) -> list[Deadline]:
        """Turn the wheel to *now* and return what has expired, earliest deadline first."""
        for entry in self.young:
            if entry.pending() and entry.deadline < inf:
                self._file(entry)
        self.young.clear()
        expired: list[Deadline] = []
        for tick in sorted(tick for tick in self._buckets if tick <= int(now / TICK)):
            for entry in self._buckets.pop(tick):
                if entry.pending():
                    if entry.deadline > now:
                        self._file(entry)
                    else:
                        expired.append(entry)
        self._sweep()
        return expired

    def earliest(self) -> float | None:
        """Return the time of the tick at which something may expire next; None where nothing is watched."""
        young = min((int(entry.deadline / TICK) + 1 for entry in self.young if entry.pending()), default=None)
        filed = min(self._buckets, default=None)
        ticks = [tick for tick in (young, filed) if tick is not None]
        return time_of(min(ticks)) if ticks else None

    def _file(self, entry: Deadline) -> None:
        self._buckets.setdefault(int(max(entry.deadline, EARLIEST) / TICK) + 1, []).append(entry)

    def _sweep(self) -> None:
        """Forget some of what was answered since it was filed."""
        left = SWEPT
        if not self._unswept:
            self._unswept = list(self._buckets)
        while self._unswept and left > 0:
            tick, place = self._unswept[-1], self._place
            bucket = self._buckets.get(tick, [])
            some = bucket[place : place + left]
            kept = [entry for entry in some if entry.pending()]
            bucket[place : place + left] = kept
            self._place = place + len(kept)
            left -= len(some) + 1
            if self._place >= len(bucket):
                self._unswept.pop()
                self._place = 0
                if not bucket:
                    self._buckets.pop(tick, None)


def time_of(tick: int) -> float:
    """Return the first time that belongs to a tick. The product alone may be a last digit short of it: 1003 * 0.02."""
    time = tick * TICK
    while int(time / TICK) < tick:
        time = nextafter(time, inf)
    return time
