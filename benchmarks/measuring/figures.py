"""Figures: medians, their spread, and how many times ahead we are."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cases import CASES, KNOWN
from cases.kinds import Case, Reading
from runtimes import OURS, RUNTIMES


@dataclass(frozen=True, slots=True)
class Figure:
    """What one runtime reads for one quantity of one case, in every round."""

    case: str
    reading: str
    runtime: str
    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Return the median of the rounds."""
        return statistics.median(self.rounds)

    @property
    def spread(self) -> float:
        """Return how far the rounds lie from their median at most, as a share of it; 0 of a median that is 0."""
        median = self.median
        return max(abs(value - median) for value in self.rounds) / median if median else 0.0


def times_ahead(figure: Figure, ours: Figure | None) -> float | None:
    """Return how many times ahead of *figure* ours is; below 1 where it is behind, None where that cannot be said."""
    if ours is None or not ours.median or not figure.median:
        return None
    ratio = figure.median / ours.median
    return 1 / ratio if reading_of(figure).higher_is_better else ratio


def reading_of(figure: Figure) -> Reading:
    """Return the quantity that a figure is of."""
    return next(reading for reading in KNOWN[figure.case].readings if reading.name == figure.reading)


class Figures:
    """The figures of one run, by case, reading and runtime."""

    def __init__(self, figures: Iterable[Figure]) -> None:
        self._figures = {(figure.case, figure.reading, figure.runtime): figure for figure in figures}

    def get(self, case: Case, reading: Reading, runtime: str) -> Figure | None:
        """Return a figure, or None where it was not measured."""
        return self._figures.get((case.name, reading.name, runtime))

    def rows(self) -> list[tuple[Case, Reading]]:
        """Return the cases and readings that there are figures of, in the order of tables."""
        there = {(case, reading) for case, reading, _ in self._figures}
        return [
            (case, reading)
            for case in CASES.values()
            for reading in case.readings
            if (case.name, reading.name) in there
        ]

    def runtimes(self) -> list[str]:
        """Return the runtimes that there are figures of, ours first, in the order of the registry."""
        there = {runtime for _, _, runtime in self._figures}
        return [name for name in RUNTIMES if name in there]

    def ours(self, figure: Figure) -> Figure | None:
        """Return our own figure beside *figure*."""
        return self._figures.get((figure.case, figure.reading, OURS))

    def ahead(self, figure: Figure) -> float | None:
        """Return how many times ahead of *figure* we are."""
        return times_ahead(figure, self.ours(figure))

    def as_json(self) -> list[dict[str, object]]:
        """Return the figures for a machine to read."""
        return [
            {
                "case": figure.case,
                "reading": figure.reading,
                "unit": reading_of(figure).unit,
                "runtime": figure.runtime,
                "median": rounded(figure.median),
                "spread": rounded(figure.spread),
                "times_ahead": None if (ahead := self.ahead(figure)) is None else rounded(ahead),
                "rounds": [rounded(value) for value in figure.rounds],
            }
            for figure in self._figures.values()
        ]


def from_json(figures: Sequence[dict[str, object]]) -> Figures:
    """Read what `as_json` wrote."""
    return Figures(
        Figure(str(one["case"]), str(one["reading"]), str(one["runtime"]), tuple(one["rounds"]))  # type: ignore[arg-type]  # numbers
        for one in figures
    )


def rounded(value: float) -> float:
    """Return *value* with as many digits as mean something."""
    return float(f"{value:.5g}")


SMALL, TENS, HUNDREDS, KIBI = 0.1, 10, 100, 1024
LARGER = {"µs": ("ms", 1000), "ms": ("s", 1000), "B": ("KiB", KIBI), "KiB": ("MiB", KIBI), "MiB/s": ("GiB/s", KIBI)}


def human(value: float, unit: str) -> str:
    """Return *value* as a person writes it: three digits, and a larger unit where that is shorter."""
    if unit == "ms" and value < SMALL:
        value, unit = value * 1000, "µs"
    while unit in LARGER and value >= LARGER[unit][1]:
        larger, factor = LARGER[unit]
        value, unit = value / factor, larger
    return f"{digits(value)} {unit}"


def digits(value: float) -> str:
    """Return *value* with two or three digits that mean something, thousands apart."""
    if value >= HUNDREDS:
        return f"{float(f'{value:.3g}'):,.0f}".replace(",", " ")
    if value >= TENS:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2g}"
