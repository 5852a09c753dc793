"""A campaign: many runs of one program, until one of them breaks something; then the least that breaks it.

Theory of operation
1. The first run is the plain one, without chance and faults: what breaks there needs no adversary. Then each seed is a
   run of its own; the seed alone says which schedule it has, so one seed can be run again.
2. Some runs are made twice, and have to be the same, event by event: what differs comes from outside, and would make
   every other result worthless.
3. What was chosen in a run that broke something is shrunk: what is left out is as in the plain run. What breaks it then
   is the smallest cause.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, Final

from llmactors.testing._core.choices import Choice
from llmactors.testing._core.explore import Explorer
from llmactors.testing._core.judge import Broken
from llmactors.testing._core.schedules import PCT, RandomWalk
from llmactors.testing._core.shrink import shrunk
from llmactors.testing._core.tape import Player, is_recorded
from llmactors.testing._sim._chooser import YES
from llmactors.testing._sim._exploring import Exploring
from llmactors.testing._sim._follow import Follower
from llmactors.testing._sim._playing import PASSES, Outcome, Program
from llmactors.testing._sim._run import play, play_with
from llmactors.testing._values import Taken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llmactors.testing._core.schedules import Picker

TWICE: Final = 3
"""So many runs at the beginning are made twice, and one of so many hundreds later."""
DETERMINISTIC: Final = "a run is the same every time"
ADDRESS: Final = re.compile(r"0x[0-9a-f]{6,}")


@dataclass(slots=True)
class Result:
    """What a campaign has come to.

    Attributes:
        runs: How many there were.
        classes: How many of them differed in who took which message when.
        seconds: Real seconds that they took.
        interesting: What the test says has to be so in some run, and how often it was.
        failed: The run that broke something, as it was found; None where none did.
        smallest: The same with the least that breaks it.
        minimal: Whether nothing of that can be left out.
        met: Lines of the fault plan, from 0, for which there was a place in some run.
        complete: Whether every order that makes a difference was seen; None where that was not tried.
        real: Whether it was in real time: then no run can be had again.
        unmet: What a tape says that was played, and what never came up.
    """

    runs: int = 0
    classes: set[int] = field(default_factory=set)
    seconds: float = 0.0
    interesting: dict[str, int] = field(default_factory=dict)
    failed: Outcome | None = None
    smallest: Outcome | None = None
    minimal: bool = True
    met: set[int] = field(default_factory=set)
    complete: bool | None = None
    real: bool = False
    unmet: tuple[Choice, ...] = ()

    def count(self, outcome: Outcome) -> None:
        """Count one run more."""
        self.runs += 1
        self.classes.add(_class_of(outcome))
        self.met |= outcome.met
        for label, so in outcome.interesting.items():
            self.interesting[label] = self.interesting.get(label, 0) + so

    def never(self) -> list[str]:
        """Return what had to be so in some run, and was in none."""
        return [label for label, times in self.interesting.items() if not times]


class Campaign:
    """Runs one program many times.

    Args:
        program: What is run.
        base: The first seed.
        tries: Runs that shrinking may take.
    """

    def __init__(self, program: Program, base: int = 0, tries: int = 500) -> None:
        self._program, self._base, self._tries = program, base, tries
        self._steps = 1
        self._plain: Outcome | None = None

    def hunt(self, runs: int, seconds: float | None = None) -> Result:
        """Run it with one seed after the other, *runs* times or for *seconds*, until something is broken."""
        result, began = Result(), time.perf_counter()
        for outcome in self._outcomes(runs, began, seconds):
            result.count(outcome)
            if outcome.broken is not None:
                self._shrink(result, outcome)
                break
        result.seconds = time.perf_counter() - began
        return result

    def explore(self, most: int, seconds: float | None = None) -> Result:
        """Run it in every order of deliveries that makes a difference, and with each fault of the plan at each place.

        Args:
            most: Runs at most; with fewer than it would take, the result is not complete.
            seconds: Real seconds at most.
        """
        result, began = Result(complete=False), time.perf_counter()
        faults = self._single_faults()
        explorer = Explorer(most=max(1, most - len(faults)))
        for guide in explorer:
            outcome = play_with(Exploring(Random(self._base), guide), self._program, self._base)  # noqa: S311
            result.count(outcome)
            if outcome.broken is not None:
                self._shrink(result, outcome)
                break
            if seconds is not None and time.perf_counter() - began > seconds:
                break
        for fault in faults if result.failed is None else ():
            outcome, _ = self.again(self._base, (fault,))
            result.count(outcome)
            if outcome.broken is not None:
                self._shrink(result, outcome)
                break
        result.complete = explorer.complete and result.failed is None
        result.seconds = time.perf_counter() - began
        return result

    def _single_faults(self) -> list[Choice]:
        """Return each fault that may happen in the plain run, at each place where it may."""
        noting = Noting()
        play(self._program, self._base, replay=noting)
        return [Choice(point, YES) for point in noting.points]

    def only(self, seed: int) -> Result:
        """Run it with one seed."""
        result, began = Result(), time.perf_counter()
        self.plain()
        outcome = self.run(seed)
        result.count(outcome)
        if outcome.broken is not None:
            self._shrink(result, outcome)
        result.seconds = time.perf_counter() - began
        return result

    def _outcomes(self, runs: int, began: float, seconds: float | None) -> Iterator[Outcome]:
        yield self._twice(self.plain(), None)
        number = 1
        while (time.perf_counter() - began < seconds) if seconds is not None else number < runs:
            seed = self._base + number
            outcome = self.run(seed)
            yield self._twice(outcome, seed) if number < TWICE or not number % 250 else outcome
            number += 1

    # -- runs ------------------------------------------------------------------------------------------------
    def plain(self) -> Outcome:
        """Run it without an adversary."""
        if self._plain is None:
            self._plain = play(self._program, self._base, replay=Player(()))
            self._steps = max(1, self._plain.points)
        return self._plain

    def run(self, seed: int) -> Outcome:
        """Run it with a seed."""
        return play(self._program, seed, picker=self._picker(seed))

    def _picker(self, seed: int) -> Picker | None:
        """Return the schedule of a seed: plain but for faults, at random, or by priorities of some depth."""
        random = Random(seed)  # noqa: S311  a schedule is no secret
        kind = seed % 4
        if kind == 0:
            return None
        return RandomWalk(random) if kind == 1 else PCT(random, depth=random.randint(1, 4), steps=self._steps)

    def again(self, seed: int, choices: tuple[Choice, ...]) -> tuple[Outcome, tuple[Choice, ...]]:
        """Run it as a tape says; return also what of the tape was not met."""
        player = Follower(choices) if is_recorded(choices) else Player(choices)
        return play(self._program, seed, replay=player), player.unmet()

    def _twice(self, outcome: Outcome, seed: int | None) -> Outcome:
        """Run it once more; where that goes another way, that is what is broken."""
        if outcome.broken is not None:
            return outcome
        other = play(self._program, self._base, replay=Player(())) if seed is None else self.run(seed)
        difference = _difference(outcome, other)
        if difference is not None:
            outcome.broken = Broken(DETERMINISTIC, *difference)
        return outcome

    # -- the smallest cause ----------------------------------------------------------------------------------
    def _shrink(self, result: Result, outcome: Outcome) -> None:
        result.failed = outcome
        result.smallest, result.minimal = self.shrink(outcome)

    def shrink(self, outcome: Outcome) -> tuple[Outcome, bool]:
        """Return the run with the fewest choices that breaks the same law, and whether none can be left out."""
        if outcome.broken is None or outcome.broken.law == DETERMINISTIC or not outcome.choices:
            return outcome, True
        found = [outcome]

        def breaks(choices: tuple[Choice, ...]) -> bool:
            tried, _ = self.again(outcome.seed, choices)
            if not _is_same(outcome, tried):
                return False
            found.append(tried)
            return True

        best = shrunk(outcome.choices, breaks, self._tries)
        smallest, _ = self.again(outcome.seed, best.choices)
        return (smallest, best.minimal) if _is_same(outcome, smallest) else (found[-1], False)


class Noting:
    """Plays the plain run, and notes where a fault may happen."""

    def __init__(self) -> None:
        self.points: list[str] = []

    def pick(self, point: str, options: Sequence[str] | None) -> None:
        """Note a point at which a fault may happen."""
        if options == (YES,):
            self.points.append(point)


def _is_same(outcome: Outcome, other: Outcome) -> bool:
    """Say whether two runs broke the same thing."""
    if outcome.broken is None or other.broken is None or outcome.broken.law != other.broken.law:
        return False
    return outcome.broken.law != PASSES or type(outcome.error) is type(other.error)


def _difference(one: Outcome, other: Outcome) -> tuple[str, int] | None:
    """Return where two runs of the same seed went different ways; None where they did not."""
    for mine, theirs in zip(one.history, other.history, strict=False):
        if mine != theirs and ADDRESS.sub("0x", repr(mine)) != ADDRESS.sub("0x", repr(theirs)):
            return f"the second time it was {theirs!r}, not {mine!r}", mine.number
    if len(one.history) != len(other.history):
        return f"it had {len(one.history)} events, and the second time {len(other.history)}", len(one.history) - 1
    return None


def _class_of(outcome: Outcome) -> int:
    """Return a number that is the same for runs in which every actor took the same messages in the same order."""
    taken: defaultdict[str, list[int]] = defaultdict(list)
    event: Any
    for event in outcome.history:
        if event.__class__ is Taken:
            taken[event.path].append(event.letter)
    return hash(tuple(sorted((path, tuple(letters)) for path, letters in taken.items())))
