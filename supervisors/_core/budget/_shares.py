"""Fair shares by weight: who of those that want the same thing goes next.

Theory of operation (start-time fair queueing: Goyal, Vin, Cheng 1996)
1. Every contender has a *virtual time*: what it has used, divided by its weight. Who is behind goes first.
2. One that is ahead of the one furthest behind by more than a quantum waits: for as long as the others need to catch
   up if they use all there is, and no longer than `PATIENCE`, since they may want less.
3. Only those that want something count. Whoever comes back after a rest is set level with the one furthest behind: rest
   is no credit, and an unused share flows to the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush, heapreplace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

QUANTUM: Final = 0.002
"""Virtual seconds that one may be ahead: about two slices."""
PATIENCE: Final = 0.05
"""Seconds that nobody waits longer than without looking again."""


@dataclass(slots=True)
class Share:
    """One contender.

    Attributes:
        weight: its part, beside those of the others; more than 0.
        virtual: its virtual time.
        wanting: whether it was last seen with something to do.
    """

    weight: float
    virtual: float = 0.0
    wanting: bool = False


class Shares:
    """Divides one thing among siblings. Who is furthest behind is found without looking at all of them.

    Args:
        wants: whether one that asked before has still something to do; asked only of who holds others up.
    """

    def __init__(self, wants: Callable[[str], bool]) -> None:
        self._wants = wants
        self._shares: dict[str, Share] = {}
        self._line: list[tuple[float, str]] = []  # a heap; what is stale in it is put right when it comes up
        self._weight = 0.0  # of all that want
        self._floor = 0.0

    def join(self, name: str, weight: float) -> None:
        """Let one more in, or change the weight of one that is in."""
        share = self._shares.setdefault(name, Share(weight, self._floor))
        if share.wanting:
            self._weight += weight - share.weight
        share.weight = weight

    def leave(self, name: str) -> None:
        """Let one go."""
        share = self._shares.pop(name, None)
        if share is not None and share.wanting:
            self._weight -= share.weight

    @property
    def wanting(self) -> float:
        """The weight of all that were last seen with something to do."""
        return self._weight

    def used(self, name: str, seconds: float) -> None:
        """Charge what it has used."""
        share = self._shares.get(name)
        if share is not None:
            share.virtual += seconds / share.weight

    def go_ahead(self, name: str, now: float) -> float | None:
        """Answer None when it may go on, or the time at which to ask again."""
        share = self._shares[name]
        if not share.wanting:
            share.virtual = max(share.virtual, self._behind(name))
            share.wanting = True
            self._weight += share.weight
            heappush(self._line, (share.virtual, name))
        ahead = share.virtual - self._behind(name)
        if ahead <= QUANTUM / share.weight:
            return None
        return now + min(PATIENCE, ahead * (self._weight - share.weight))

    def _behind(self, asking: str) -> float:
        """Return the virtual time of the one furthest behind; it never goes back."""
        line = self._line
        while line:
            virtual, name = line[0]
            share = self._shares.get(name)
            if share is None or not share.wanting:
                heappop(line)
            elif name != asking and not self._wants(name):
                share.wanting = False
                self._weight -= share.weight
                heappop(line)
            elif share.virtual != virtual:
                heapreplace(line, (share.virtual, name))
            else:
                self._floor = max(self._floor, virtual)
                break
        return self._floor
