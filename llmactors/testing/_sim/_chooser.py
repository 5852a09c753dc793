"""Who decides: every choice of a run is made here, by a schedule and a seed, or as a tape says.

Theory of operation
1. Without either, each choice is the plain one: the oldest message, the first timer, no fault.
2. What is chosen instead is noted by name (see `_core.choices`); the notes are the run's tape.
3. A tape that is replayed says what to pick at the points that it names; all others are plain.
4. A point that comes up again has a number behind its name, and so have options that are called the same. Else a tape
   could not say that it was the second time, or the second of two timers, and would play another run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from llmactors.testing._core.choices import Choice
from llmactors.testing._sim._names import name_of_timer, name_of_turn

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence
    from random import Random

    from llmactors.testing._core.schedules import Picker

GOES_ON: Final = "actors"
ENDS: Final = "loop"
YES: Final = "yes"


class Replay(Protocol):
    """A tape that is played."""

    def pick(self, point: str, options: Sequence[str] | None) -> str | None:
        """Return what the tape says at a point, if it says one of *options* (anything, where they are None)."""
        ...


class Chooser:
    """Makes the choices of one run.

    Args:
        random: Chance, for faults.
        picker: The schedule; None for the plain one.
        replay: The tape that decides instead of both.

    Attributes:
        taken: What was chosen instead of the plain course.
        points: How many choices there were.
        took: Told of each turn, where the tape wants to know.
        every: Whether it is asked who goes on also where there is only one.
    """

    every = False

    def __init__(self, random: Random, picker: Picker | None = None, replay: Replay | None = None) -> None:
        self._random, self._picker, self._replay = random, picker, replay
        self.taken: list[Choice] = []
        self.points = 0
        self._asked: dict[str, int] = {}
        self.took: Callable[[str], None] | None = getattr(replay, "took", None)

    # -- the schedule ----------------------------------------------------------------------------------------
    def next(self, cells: Sequence[Any]) -> int:
        """Choose who takes the next message."""
        if self._picker is None and self._replay is None:
            return 0
        point = f"next {name_of_turn(cells[0])}"
        return self._pick(point, lambda: [name_of_turn(cell) for cell in cells], [cell.where for cell in cells])

    def turn_ends(self, cells: Sequence[Any]) -> bool:
        """Choose whether the loop gets its turn before the next message is handled."""
        if self._picker is None and self._replay is None:
            return False
        first = cells[0]
        return bool(self._pick(f"turn {name_of_turn(first)}", lambda: (GOES_ON, ENDS), (first.where, ENDS)))

    def timer(self, timers: Sequence[asyncio.TimerHandle]) -> int:
        """Choose which of several timers that are due fires first."""
        if self._picker is None and self._replay is None:
            return 0
        names = _told_apart([name_of_timer(timer) for timer in timers])
        return self._pick(f"timer {names[0]}", lambda: names, names)

    def _pick(self, point: str, options: Callable[[], Sequence[str]], actors: Sequence[str]) -> int:
        """Choose one of several options, whose names a schedule does without."""
        point = self._point(point)
        if self._replay is not None:
            names = options()
            said = self._replay.pick(point, names)
            place = 0 if said is None else names.index(said)
        else:
            assert self._picker is not None
            place = self._picker.pick(actors)
        if place:
            self.taken.append(Choice(point, options()[place]))
        return place

    def _point(self, name: str) -> str:
        self.points += 1
        times = self._asked[name] = self._asked.get(name, 0) + 1
        return name if times == 1 else f"{name} ({times})"

    # -- faults ----------------------------------------------------------------------------------------------
    def happens(self, point: str, rate: float) -> bool:
        """Choose whether a fault happens at a point."""
        point = self._point(point)
        if self._replay is not None:
            happens = self._replay.pick(point, (YES,)) is not None
        else:
            happens = rate >= 1 or (rate > 0 and self._random.random() < rate)
        if happens:
            self.taken.append(Choice(point, YES))
        return happens

    def amount(self, point: str, low: float, high: float) -> float:
        """Choose how much of something there is, such as the seconds of a delay."""
        point = self._point(f"{point} amount")
        if self._replay is not None:
            said = self._replay.pick(point, None)
            if said is None:
                return low
            value = float(said)
        else:
            value = low if high <= low else round(self._random.uniform(low, high), 6)
        if value != low:
            self.taken.append(Choice(point, repr(value)))
        return value


def _told_apart(names: Sequence[str]) -> list[str]:
    """Number those that are called the same."""
    seen: dict[str, int] = {}
    apart = []
    for name in names:
        times = seen[name] = seen.get(name, 0) + 1
        apart.append(name if times == 1 else f"{name} ({times})")
    return apart
