"""Which of many tasks may begin, whose outcome is to be given next, and who has had its time.

1. Places are numbers from 0, in the order of beginning. At most `concurrency` places are taken at once.
2. A place is taken from its beginning until its outcome is *given*, so an ordered line, in which early finishers
   wait for those before them, holds no more outcomes than tasks may run.
3. All have the same time, so who began first is overdue first.
"""

from __future__ import annotations


class Line:
    """The tasks of one stream, by place.

    Args:
        concurrency: places that may be taken at once, 1 or more.
        ordered: whether outcomes are given in the order of the beginnings, or as they come.
        timeout: seconds that each task has, or None for any number.
    """

    __slots__ = ("_concurrency", "_finished", "_given", "_next", "_ordered", "_running", "_timeout")

    def __init__(self, concurrency: int, *, ordered: bool, timeout: float | None) -> None:
        self._concurrency, self._ordered, self._timeout = concurrency, ordered, timeout
        self._running: dict[int, float] = {}  # place -> when it began, the eldest first
        self._finished: dict[int, None] = {}  # in the order of finishing
        self._next = self._given = 0

    @property
    def has_room(self) -> bool:
        """Whether another task may begin."""
        return self.taken < self._concurrency

    @property
    def taken(self) -> int:
        """How many places are taken."""
        return len(self._running) + len(self._finished)

    def begin(self, now: float) -> int:
        """Take a place for a task that begins, and return it."""
        place = self._next
        self._next += 1
        self._running[place] = now
        return place

    def finish(self, place: int) -> None:
        """The task in *place* has an outcome."""
        del self._running[place]
        self._finished[place] = None

    def give(self) -> int | None:
        """Free the place whose outcome is to be given now, and return it; None if there is none yet."""
        place = self._given if self._ordered else next(iter(self._finished), None)
        if place not in self._finished:
            return None
        del self._finished[place]
        self._given += 1
        return place

    def left(self, now: float) -> float | None:
        """Return the seconds until the next task is overdue; None if none ever is."""
        began = next(iter(self._running.values()), None)
        return None if began is None or self._timeout is None else max(0.0, began + self._timeout - now)

    def overdue(self, now: float) -> list[int]:
        """Return the places of the tasks that have had their time, the eldest first."""
        if self._timeout is None:
            return []
        return [place for place, began in self._running.items() if began + self._timeout <= now]
