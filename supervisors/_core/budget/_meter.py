"""One rate of one account: who may go when, and how fast it went lately."""

from __future__ import annotations

from dataclasses import dataclass

from supervisors._budget import Pace
from supervisors._core.budget import _pace
from supervisors._core.budget._flow import Flow


@dataclass(slots=True)
class Meter:
    """What is known of one rate.

    Attributes:
        pace: the rate.
        flow: what went lately.
        due: when all that was let through is paid for.
    """

    pace: Pace
    flow: Flow
    due: float = 0.0

    def change(self, pace: Pace, now: float) -> None:
        """Have another rate from now on; what is owed at most is forgotten."""
        self.pace, self.due = pace, min(self.due, now)

    def admit(self, units: float, now: float) -> float:
        """Take the next place for so many units; return when they may go."""
        self.due, start = _pace.admit(self.pace, self.due, now, units)
        return start

    def owe(self, units: float, now: float, pace: Pace | None = None) -> None:
        """Charge units that have been used, by another *pace* than its own if one is given."""
        self.due = _pace.owe(pace or self.pace, self.due, now, units)
        self.flow.add(units, now)

    def give_back(self, units: float) -> None:
        """Take back units that were admitted and will not be used."""
        self.due = _pace.give_back(self.pace, self.due, units)
