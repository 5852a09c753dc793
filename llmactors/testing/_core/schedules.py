"""Schedules: who of several goes on, picked at random, in one of two ways.

Theory of operation
1. `RandomWalk` takes each option with the same chance. It is good at finding bugs that many orders show, and bad at
   those that need one actor to be held back for long.
2. `PCT` (Burckhardt, Kothari, Musuvathi, Nagarakatte: *A Randomized Scheduler with Probabilistic Guarantees of Finding
   Bugs*, ASPLOS 2010) gives each actor a priority at random, and always lets the highest go on. At *d* - 1 steps of the
   run, chosen at random beforehand, the one that goes on falls below all others. A bug that needs *d* things to be in
   one order (its *depth*) is found by a run of *n* actors and *k* steps with a chance of 1 / (n k^(d-1)) at least.
3. The first option is the plain one: what would happen without any adversary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Picker(Protocol):
    """Picks one of several options at a point."""

    def pick(self, actors: Sequence[str]) -> int:
        """Return the place of the option to take; the first is the plain one. *actors* says whose each option is."""
        ...


class Chance(Protocol):
    """Where chance comes from: a `random.Random` with a seed."""

    def random(self) -> float:
        """Return a number from 0 up to 1."""
        ...

    def sample(self, population: Sequence[int], k: int) -> list[int]:
        """Return *k* different ones of *population*, in any order."""
        ...


class RandomWalk:
    """Takes each option with the same chance.

    Args:
        random: Where chance comes from.
    """

    def __init__(self, random: Chance) -> None:
        self._chance = random.random

    def pick(self, actors: Sequence[str]) -> int:
        """Return the place of any option."""
        return int(self._chance() * len(actors))


class PCT:
    """Lets the actor of the highest priority go on, and changes priorities at few steps.

    Args:
        random: Where chance comes from.
        depth: How many things have to be in order for the bugs to be found, 1 or more.
        steps: About how many steps the run will take, 1 or more: earlier runs tell.

    Raises:
        ValueError: *depth* or *steps* is less than 1.
    """

    def __init__(self, random: Chance, depth: int = 3, steps: int = 100) -> None:
        if depth < 1 or steps < 1:
            raise ValueError(f"depth={depth!r}, steps={steps!r}: each is 1 or more")
        self._random = random
        self._step = 0
        self._priorities: dict[str, float] = {}
        self._falls = {step: low - depth for low, step in enumerate(random.sample(range(steps), min(depth - 1, steps)))}

    def pick(self, actors: Sequence[str]) -> int:
        """Return the place of the first option of the actor whose priority is the highest."""
        step, self._step = self._step, self._step + 1
        best = self._highest(actors)
        fall = self._falls.get(step)
        if fall is not None:
            self._priorities[actors[best]] = fall
            best = self._highest(actors)
        return best

    def _highest(self, actors: Sequence[str]) -> int:
        priorities = self._priorities
        for actor in actors:
            if actor not in priorities:
                priorities[actor] = self._random.random()
        return max(range(len(actors)), key=lambda place: (priorities[actors[place]], -place))
