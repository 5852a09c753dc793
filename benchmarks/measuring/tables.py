"""Tables: one for a terminal, one for the docs."""

import math
from collections.abc import Iterable

from rich.table import Table

from cases.kinds import Case, Reading
from measuring.figures import Figure, Figures, digits, human, reading_of
from runtimes import OURS, RUNTIMES

TIMES, NONE = "\N{MULTIPLICATION SIGN}", "\N{EN DASH}"
APART_FROM_LIBRARIES = ("asyncio", "erlang")
"""No library at all, and no Python."""


def terminal_table(figures: Figures) -> Table:
    """Return the figures for a terminal: a line for each runtime, a section for each case."""
    table = Table(title=f"Medians, how far the rounds lie from them, and how many times ahead {OURS} is")
    table.add_column("case")
    table.add_column("runtime")
    for heading in ("median", "spread", "times ahead"):
        table.add_column(heading, justify="right", no_wrap=True)
    for case, reading in figures.rows():
        label = case.label(reading)
        for name in figures.runtimes():
            figure = figures.get(case, reading, name)
            if figure is None:
                continue
            ahead = figures.ahead(figure)
            table.add_row(
                label,
                RUNTIMES[name].title,
                human(figure.median, reading.unit),
                f"±{figure.spread:.0%}",
                NONE if ahead is None else f"{digits(ahead)} {TIMES}",
                style="bold" if name == OURS else None,
            )
            label = ""
        table.add_section()
    return table


def page_table(figures: Figures, *, apart: bool) -> str:
    """Return the figures of the cases of one process, or of those that take several, as a table of Markdown."""
    rows = [(case, reading) for case, reading in figures.rows() if case.apart == apart]
    names = [name for name in figures.runtimes() if any(figures.get(case, reading, name) for case, reading in rows)]
    lines = [_line(["", *(RUNTIMES[name].title for name in names)]), _line(["---"] * (len(names) + 1))]
    for case, reading in rows:
        cells = (figures.get(case, reading, name) for name in names)
        lines.append(_line([case.label(reading), *(_cell(figures, figure) for figure in cells)]))
    return "\n".join(lines)


def _cell(figures: Figures, figure: Figure | None) -> str:
    if figure is None:
        return NONE
    text = f"{human(figure.median, reading_of(figure).unit)} ±{figure.spread:.0%}".replace(" ", "\u00a0")
    ahead = figures.ahead(figure)
    return text if figure.runtime == OURS or ahead is None else f"{text}<br>**{digits(ahead)}\u00a0{TIMES}**"


def short_table(figures: Figures, cases: Iterable[str]) -> str:
    """Return the first reading of a few *cases* beside raw asyncio, the best Python library and Erlang, in Markdown."""
    cases = tuple(cases)
    headings = ["", OURS, *(RUNTIMES[name].title for name in APART_FROM_LIBRARIES)]
    headings.insert(-1, "best Python library")
    lines = [_line(headings), _line(["---"] * len(headings))]
    for case, reading in figures.rows():
        ours = figures.get(case, reading, OURS)
        if case.name not in cases or reading is not case.readings[0] or ours is None:
            continue
        first, last = (_ratio(figures, figures.get(case, reading, name)) for name in APART_FROM_LIBRARIES)
        lines.append(_line([case.title, human(ours.median, reading.unit), first, _best(figures, case, reading), last]))
    return "\n".join(lines)


def _best(figures: Figures, case: Case, reading: Reading) -> str:
    libraries = [name for name in figures.runtimes() if name not in (OURS, *APART_FROM_LIBRARIES)]
    there = [figure for name in libraries if (figure := figures.get(case, reading, name)) is not None]
    if not there:
        return NONE
    best = min(there, key=lambda figure: figures.ahead(figure) or math.inf)
    return f"{_ratio(figures, best)} ({RUNTIMES[best.runtime].title})"


def _ratio(figures: Figures, figure: Figure | None) -> str:
    ahead = None if figure is None else figures.ahead(figure)
    return NONE if ahead is None else f"{digits(ahead)} {TIMES}"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
