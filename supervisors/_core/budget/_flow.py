"""How fast something went lately: two numbers, whatever went.

A sliding window counter: what went in the second before counts for the part of it that is not a second ago yet, as if
it had come evenly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WINDOW: Final = 1.0
"""Seconds that are looked back on."""


@dataclass(slots=True)
class Flow:
    """What went in this window of time and in the one before.

    Attributes:
        since: when this window began.
        units: what has gone in it.
        before: what went in the one before.
    """

    since: float
    units: float = 0.0
    before: float = 0.0

    def add(self, units: float, now: float) -> None:
        """Some more went."""
        self._turn(now)
        self.units += units

    def rate(self, now: float) -> float:
        """Return the units that went in the last second."""
        self._turn(now)
        return self.before * (1.0 - (now - self.since) / WINDOW) + self.units

    def _turn(self, now: float) -> None:
        passed = int((now - self.since) / WINDOW)
        if passed > 0:
            self.since += passed * WINDOW
            self.before, self.units = self.units if passed == 1 else 0.0, 0.0
