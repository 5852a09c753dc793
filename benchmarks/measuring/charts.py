"""Charts for the docs, drawn with matplotlib: ratios beside rivals, and cost as numbers grow."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.ticker import FuncFormatter, NullFormatter

from cases.kinds import Case, Reading
from cases.latency import BEGINNING
from cases.lives import MEMORY
from measuring.figures import Figures, human
from runtimes import OURS, RUNTIMES

mpl.use("agg")
DOTS_PER_INCH = 110
OUR_COLOUR = "#00796b"
COLOURS = ("#616161", "#e65100", "#1565c0", "#6a1b9a", "#ad1457", "#827717", "#4e342e", "#c62828")
MARKERS = "osD^vPXh"
GRID = "#dddddd"
FARTHEST = 1_000.0
"""Ratios beyond are drawn here: those of a few must not squeeze all others."""
TIMES = "\N{MULTIPLICATION SIGN}"


def draw_ratios(figures: Figures, target: Path) -> None:
    """Draw how many times as long, or as much, each rival takes as we do: one line for each case, on a log scale."""
    rows = [row for row in figures.rows() if _is_drawn(*row) and figures.get(*row, OURS) is not None]
    names = [name for name in figures.runtimes() if name != OURS]
    figure, axes = plt.subplots(figsize=(9.5, 1.6 + 0.36 * len(rows)), layout="constrained")
    axes.axvline(1, color=OUR_COLOUR, linewidth=2.5, zorder=1, label=f"{OURS} = 1")
    for number, name in enumerate(names):
        points = _points(figures, rows, name)
        axes.scatter(
            [min(ratio, FARTHEST) for ratio, _ in points],
            [height for _, height in points],
            s=48,
            marker=MARKERS[number % len(MARKERS)],
            color=COLOURS[number % len(COLOURS)],
            label=RUNTIMES[name].title,
            zorder=3,
        )
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}{TIMES}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_yticks(range(len(rows)), [_label(figures, case, reading) for case, reading in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(color=GRID, zorder=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0)
    axes.set_xlabel(
        f"times as long, or as much, as {OURS}: right of the line {OURS} is ahead\n"
        f"(log scale; at the right edge: {FARTHEST:,g}{TIMES} and more)"
    )
    figure.legend(loc="outside upper center", ncols=5, frameon=False)
    _save(figure, target)


def _is_drawn(case: Case, reading: Reading) -> bool:
    return reading in (case.readings[0], MEMORY, BEGINNING)


def _points(figures: Figures, rows: Sequence[tuple[Case, Reading]], name: str) -> list[tuple[float, int]]:
    points = []
    for height, (case, reading) in enumerate(rows):
        figure = figures.get(case, reading, name)
        ahead = None if figure is None else figures.ahead(figure)
        if ahead is not None:
            points.append((ahead, height))
    return points


def _label(figures: Figures, case: Case, reading: Reading) -> str:
    ours = figures.get(case, reading, OURS)
    return case.label(reading) if ours is None else f"{case.label(reading)}  {human(ours.median, reading.unit)}"


def draw_growth(series: Mapping[str, Mapping[str, Mapping[int, float]]], target: Path) -> None:
    """Draw what one message costs as a number grows: by panel and runtime, microseconds by that number."""
    figure, panels = plt.subplots(1, len(series), figsize=(9.5, 3.6), layout="constrained", sharey=True, squeeze=False)
    for axes, (title, runtimes) in zip(panels[0], series.items(), strict=True):
        for name, costs in runtimes.items():
            ours = name == OURS
            axes.plot(
                list(costs),
                list(costs.values()),
                marker="o",
                color=OUR_COLOUR if ours else COLOURS[0],
                linewidth=2.5 if ours else 1.5,
                label=RUNTIMES[name].title,
                zorder=3 if ours else 2,
            )
        axes.set_xscale("log")
        axes.set_xlabel(title)
        axes.grid(color=GRID)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0][0].set_ylim(bottom=0)
    panels[0][0].set_ylabel("µs a message")
    panels[0][0].legend(frameon=False)
    _save(figure, target)


def _save(figure: Any, target: Path) -> None:
    figure.savefig(target, dpi=DOTS_PER_INCH, metadata={"Software": None})
    plt.close(figure)
