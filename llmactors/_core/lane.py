"""The queue of a mailbox that sorts or forgets: by priority, then by arrival, without what has waited too long.

Theory of operation
1. An entry is in two structures: a heap by priority and arrival, which says who is next, and a queue by arrival, which
   says who is oldest. What leaves one is only marked in the other, and passed over there.
2. Adding costs O(log n), everything else O(1), both amortised: either structure is rid of its marks whenever they are
   the larger part.
3. A time to live is the same for all, so the oldest expire first.
4. What has arrived is ranked later, by who takes: a priority is the receiver's code, and fails at the receiver.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from itertools import count, islice
from typing import TYPE_CHECKING, Any, Final

from llmactors._words import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MARKS: Final = 64  # entries that were taken and may still be in a structure, at least


class UnrankedError(Exception):
    """The priority of an item could not be told: asking for it raised *error*. The item is gone from the lane."""

    def __init__(self, item: Any, error: BaseException) -> None:
        super().__init__(f"the priority of {shown(item)} could not be told")
        self.item, self.error = item, error


class _Entry:
    __slots__ = ("item", "key", "lasting", "since", "taken")

    def __init__(self, item: Any, since: float, serial: int, *, lasting: bool) -> None:
        self.item, self.since, self.key, self.lasting = item, since, (0, serial), lasting
        self.taken = False

    def __lt__(self, other: _Entry) -> bool:
        return self.key < other.key


class Lane:
    """Items by priority and arrival. Times are seconds on the clock of the caller."""

    __slots__ = ("_by_arrival", "_by_priority", "_new", "_serial", "_size", "ttl")

    def __init__(self, ttl: float | None = None) -> None:
        self.ttl = ttl
        self._new: deque[_Entry] = deque()
        self._by_priority: list[_Entry] = []
        self._by_arrival: deque[_Entry] = deque()
        self._serial = count()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, item: Any, now: float, *, lasting: bool = False) -> None:
        """Let *item* wait. A *lasting* one has the priority 0, and neither expires nor makes room."""
        entry = _Entry(item, now, next(self._serial), lasting=lasting)
        self._new.append(entry)
        self._by_arrival.append(entry)
        self._size += 1

    def some(self, most: int) -> list[Any]:
        """Return some of what waits, the oldest first; nothing is removed."""
        return [entry.item for entry in islice(self._oldest(), most)]

    def rank(self, priority: Callable[[Any], int] | None) -> None:
        """Put what is new in its place: before all of a lower priority.

        Raises:
            UnrankedError: *priority* raised. What is behind that item is still new.
        """
        while self._new:
            entry = self._new.popleft()
            if entry.taken:
                continue
            if priority is not None and not entry.lasting:
                try:
                    entry.key = (-priority(entry.item), entry.key[1])
                except BaseException as error:
                    self._take(entry)
                    raise UnrankedError(entry.item, error) from error
            heappush(self._by_priority, entry)

    def expire(self, now: float) -> list[Any]:
        """Remove and return what has waited longer than its time to live, the oldest first."""
        expired = []
        if self.ttl is not None:
            for entry in self._oldest():
                if now - entry.since <= self.ttl:
                    break
                if not entry.lasting:
                    expired.append(entry)
        for entry in expired:
            self._take(entry)
        return [entry.item for entry in expired]

    def drop_oldest(self) -> list[Any]:
        """Remove and return the oldest, if there is one that may go."""
        for entry in self._oldest():
            if not entry.lasting:
                self._take(entry)
                return [entry.item]
        return []

    def take(self) -> Any:
        """Remove and return the next one of those that are ranked.

        Raises:
            IndexError: None is.
        """
        while True:
            entry = heappop(self._by_priority)
            if not entry.taken:
                self._take(entry)
                return entry.item

    def peek(self) -> Any:
        """Return the next one of those that are ranked, without taking it; None if none is."""
        while self._by_priority and self._by_priority[0].taken:
            heappop(self._by_priority)
        return self._by_priority[0].item if self._by_priority else None

    def clear(self) -> list[Any]:
        """Remove and return all, in the order in which they would be taken; what is new comes last."""
        entries = [entry for entry in (*sorted(self._by_priority), *self._new) if not entry.taken]
        for entry in entries:
            self._take(entry)
        return [entry.item for entry in entries]

    def forget_lasting(self) -> None:
        """Remove the lasting ones."""
        for entry in [entry for entry in self._oldest() if entry.lasting]:
            self._take(entry)

    def _take(self, entry: _Entry) -> None:
        entry.taken = True
        self._size -= 1
        most = 2 * self._size + MARKS
        if len(self._by_arrival) > most:
            self._by_arrival = deque(left for left in self._by_arrival if not left.taken)
        if len(self._by_priority) > most:
            self._by_priority = sorted(left for left in self._by_priority if not left.taken)

    def _oldest(self) -> Iterator[_Entry]:
        """Yield the entries by arrival. None may be taken in the middle of it."""
        while self._by_arrival and self._by_arrival[0].taken:
            self._by_arrival.popleft()
        yield from (entry for entry in self._by_arrival if not entry.taken)
