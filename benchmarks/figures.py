"""From measurements to a table: medians, their spread, and how many times ahead we are."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """What one rival needs for one operation of one case."""

    case: str
    rival: str
    microseconds: tuple[float, ...]
    """Per operation, one value for each round."""

    @property
    def median(self) -> float:
        """Return the median of the rounds, in microseconds."""
        return statistics.median(self.microseconds)

    @property
    def spread(self) -> float:
        """Return the distance between the slowest and the fastest round, as a share of the median."""
        return (max(self.microseconds) - min(self.microseconds)) / self.median

    def as_json(self, ours: float | None) -> dict[str, object]:
        """Return the figure for a machine to read; *ours* is our median, where we were measured too."""
        return {
            "case": self.case,
            "rival": self.rival,
            "median_us": round(self.median, 4),
            "spread": round(self.spread, 4),
            "rounds_us": [round(value, 4) for value in self.microseconds],
            "ratio_to_ours": None if ours is None else round(self.median / ours, 3),
        }


def ours_in(figures: Sequence[Figure], case: str, ours: str) -> float | None:
    """Return our own median for *case*, in microseconds, or None where it was not measured."""
    return next((figure.median for figure in figures if (figure.case, figure.rival) == (case, ours)), None)


def table(figures: Sequence[Figure], ours: str) -> str:
    """Return the figures as text, one line each; the last column is the rival's time divided by ours."""
    rows = [("case", "rival", "median", "spread", "times ours")]
    for figure in figures:
        mine = ours_in(figures, figure.case, ours)
        ratio = "-" if mine is None else f"{figure.median / mine:.2f}"
        rows.append((figure.case, figure.rival, f"{figure.median:.2f} us", f"{figure.spread:.0%}", ratio))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(_line(row, widths) for row in rows)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    names = [cell.ljust(width) for cell, width in zip(row[:2], widths[:2], strict=True)]
    numbers = [cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True)]
    return "  ".join([*names, *numbers])
