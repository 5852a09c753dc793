"""Shrinking: from the choices of a run that broke a law to the few that are enough to break it.

Theory of operation
1. It asks: `would these break it too?`, and is told. What it asks about are parts of the choices, in their order. So it
   knows nothing of runs, and the same answers lead to the same result.
2. First the plain run is tried, without any choice. Then the shortest beginning that is enough is looked for by
   bisection: what follows what was broken did not cause it. Then parts are left out, of half the length each time, as
   delta debugging does (Zeller and Hildebrandt, *Simplifying and isolating failure-inducing input*, 2002). At last each
   single choice is left out in turn, until none can be.
3. No question is asked twice. When it runs out of tries, the best so far is the result, and it says that it is not the
   least.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

T = TypeVar("T")

Places = tuple[int, ...]
TRIES: Final = 500


@dataclass(frozen=True, slots=True)
class Shrunk(Generic[T]):
    """What shrinking has come to.

    Args:
        choices: Choices that are enough, a part of the original ones and in their order.
        tries: How many questions it took.
        minimal: Whether none of them can be left out.
    """

    choices: tuple[T, ...]
    tries: int
    minimal: bool


def shrink(choices: Sequence[T], tries: int = TRIES) -> Generator[tuple[T, ...], bool, Shrunk[T]]:
    """Ask about parts of *choices*, which are known to break it; return the least of those that do.

    Args:
        choices: What broke it.
        tries: Questions that may be asked.

    Yields:
        Choices to try; send whether they break it too.
    """
    search = _Search(len(choices), tries)
    asking = search.run()
    answer: bool | None = None
    while True:
        try:
            places = next(asking) if answer is None else asking.send(answer)
        except StopIteration:
            best = tuple(choices[place] for place in search.best)
            return Shrunk(best, search.asked, minimal=not search.spent)
        answer = yield tuple(choices[place] for place in places)


def shrunk(choices: Sequence[T], breaks: Callable[[tuple[T, ...]], bool], tries: int = TRIES) -> Shrunk[T]:
    """Shrink *choices*, each question answered by *breaks*."""
    asking = shrink(choices, tries)
    answer: bool | None = None
    while True:
        try:
            candidate = next(asking) if answer is None else asking.send(answer)
        except StopIteration as done:
            result: Shrunk[T] = done.value
            return result
        answer = breaks(candidate)


class _Search:
    """Looks for the fewest places that are enough."""

    def __init__(self, length: int, tries: int) -> None:
        self.best: Places = tuple(range(length))
        self.asked = 0
        self.spent = False
        self._tries = tries
        self._known: dict[Places, bool] = {self.best: True}

    def run(self) -> Generator[Places, bool, None]:
        if self.best and not (yield from self._enough(())):
            yield from self._shorten()
            yield from self._leave_out()

    def _enough(self, places: Places) -> Generator[Places, bool, bool]:
        """Ask about *places*, unless that is known; keep them if they are enough and the least so far."""
        if places not in self._known:
            if self.asked >= self._tries:
                self.spent = True
                return False
            self.asked += 1
            self._known[places] = yield places
        enough = self._known[places]
        if enough and len(places) < len(self.best):
            self.best = places
        return enough

    def _shorten(self) -> Generator[Places, bool, None]:
        """Find the shortest beginning that is enough, as if more were never less."""
        whole = self.best
        low, high = 0, len(whole)  # `low` are not enough, `high` are
        while high - low > 1 and not self.spent:
            middle = (low + high) // 2
            if (yield from self._enough(whole[:middle])):
                high = middle
            else:
                low = middle

    def _leave_out(self) -> Generator[Places, bool, None]:
        """Leave parts out, smaller ones as larger ones turn out to be needed, until no single one can be."""
        length = max(1, len(self.best) // 2)
        while not self.spent:
            removed = yield from self._leave_out_each(length)
            if not removed and length == 1:
                return
            length = min(length, max(1, len(self.best) // 2)) if removed else max(1, length // 2)

    def _leave_out_each(self, length: int) -> Generator[Places, bool, bool]:
        """Leave out each part of that length in turn, the last ones first; say whether one could be."""
        removed, end = False, len(self.best)
        while end > 0 and not self.spent:
            places = self.best
            start = max(0, end - length)
            removed |= yield from self._enough(places[:start] + places[end:])
            end = start
        return removed
