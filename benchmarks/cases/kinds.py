"""What a case is: a question to a runtime, and the quantities it is answered in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Readings = Mapping[str, float]
"""By the name of a reading, its value in the reading's unit."""
Measure = Callable[[int], Readings]
"""Measures a number of operations."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One quantity that a case yields."""

    name: str
    unit: str
    higher_is_better: bool = False


TIME = Reading("time", "µs")


@dataclass(frozen=True, slots=True)
class Case:
    """One case. Its measurement, whatever the runtime, returns every one of its readings.

    Args:
        name: What the command line calls it.
        title: What a reader is told, in a few words.
        readings: The quantities, the one that matters most first.
        apart: It takes more than one process: client and worker are put on processors of their own.
    """

    name: str
    title: str
    readings: tuple[Reading, ...] = (TIME,)
    apart: bool = False

    def label(self, reading: Reading) -> str:
        """Return what to call one of the readings where several cases stand together."""
        return self.title if len(self.readings) == 1 else f"{self.title}: {reading.name}"


def time_of(seconds: float, operations: int) -> Readings:
    """Return the time of one operation, as most cases read it."""
    return {TIME.name: seconds / operations * 1e6}
