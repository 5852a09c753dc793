"""Figures: medians, spread and ratios, and the tables that are made of them."""

import io

import pytest
from rich.console import Console

from cases import CASES
from measuring.figures import Figure, Figures, from_json, human, times_ahead
from measuring.tables import page_table, short_table, terminal_table

FIGURES = Figures(
    [
        Figure("ask", "time", "asyncio", (3.0, 3.3, 2.7)),
        Figure("ask", "time", "llmactors", (1.0, 1.1, 0.9)),
        Figure("process-echo", "rate", "llmactors", (4096.0,)),
        Figure("process-echo", "rate", "asyncio", (512.0,)),
        Figure("gc-pause", "in traffic", "llmactors", (0.0,)),
        Figure("gc-pause", "in traffic", "asyncio", (30.0,)),
    ]
)


def test_a_figure_is_the_median_of_its_rounds_and_its_spread_the_farthest_of_them() -> None:
    figure = Figure("ask", "time", "asyncio", (4.0, 2.0, 2.2))
    assert figure.median == pytest.approx(2.2)
    assert figure.spread == pytest.approx(1.8 / 2.2)
    assert Figure("ask", "time", "asyncio", (0.0,)).spread == 0.0


@pytest.mark.parametrize(
    ("case", "reading", "theirs", "ours", "ahead"),
    [
        ("ask", "time", 3.0, 1.0, 3.0),
        ("ask", "time", 1.0, 2.0, 0.5),
        ("process-echo", "rate", 500.0, 4000.0, 8.0),
        ("process-echo", "rate", 4000.0, 2000.0, 0.5),
        ("gc-pause", "in traffic", 3.0, 0.0, None),
    ],
)
def test_ahead_is_less_time_or_more_bytes_a_second(
    case: str, reading: str, theirs: float, ours: float, ahead: float | None
) -> None:
    rival, mine = Figure(case, reading, "asyncio", (theirs,)), Figure(case, reading, "llmactors", (ours,))
    assert times_ahead(rival, mine) == (None if ahead is None else pytest.approx(ahead))
    assert times_ahead(rival, None) is None


def test_rows_follow_the_order_of_cases_and_ours_is_the_first_runtime() -> None:
    assert [(case.name, reading.name) for case, reading in FIGURES.rows()] == [
        ("ask", "time"),
        ("gc-pause", "in traffic"),
        ("process-echo", "rate"),
    ]
    assert FIGURES.runtimes() == ["llmactors", "asyncio"]


def test_figures_come_back_from_json() -> None:
    again = from_json(FIGURES.as_json())
    assert again.as_json() == FIGURES.as_json()
    first = again.as_json()[0]
    assert first == {
        "case": "ask",
        "reading": "time",
        "unit": "µs",
        "runtime": "asyncio",
        "median": 3.0,
        "spread": 0.1,
        "times_ahead": 3.0,
        "rounds": [3.0, 3.3, 2.7],
    }


def test_the_terminals_table_has_medians_spread_and_ratios() -> None:
    page = io.StringIO()
    Console(file=page, width=120).print(terminal_table(FIGURES))
    lines = [line for line in page.getvalue().splitlines() if "raw asyncio" in line]
    assert "3.0 µs" in lines[0]
    assert "±10%" in lines[0]
    assert "3.0 \N{MULTIPLICATION SIGN}" in lines[0]
    assert "8.0 \N{MULTIPLICATION SIGN}" in lines[2]


def test_the_pages_tables_part_what_takes_one_process_from_what_takes_two() -> None:
    inside, apart = page_table(FIGURES, apart=False), page_table(FIGURES, apart=True)
    assert "ask, idle actor" in inside
    assert "1 MiB" not in inside
    assert "4.0\N{NO-BREAK SPACE}GiB/s" in apart
    assert len(apart.splitlines()) == 3


def test_the_short_table_names_the_best_library() -> None:
    figures = from_json(
        [
            *FIGURES.as_json(),
            *Figures([Figure("ask", "time", "pykka", (18.0,)), Figure("ask", "time", "thespian", (7.0,))]).as_json(),
        ]
    )
    times, none = "\N{MULTIPLICATION SIGN}", "\N{EN DASH}"
    short = short_table(figures, ["ask"])
    assert short.splitlines()[-1] == f"| ask, idle actor | 1.0 µs | 3.0 {times} | 7.0 {times} (Thespian) | {none} |"
    assert len(short.splitlines()) == 3


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.256, "µs", "0.26 µs"),
        (3.04, "µs", "3.0 µs"),
        (61.2, "µs", "61 µs"),
        (0.0123, "ms", "12 µs"),
        (0.123, "ms", "0.12 ms"),
        (47_185_920.0, "B", "45 MiB"),
        (1234.0, "µs", "1.2 ms"),
        (4690.0, "B", "4.6 KiB"),
        (299.0, "B", "299 B"),
        (2_400_000.0, "messages/s", "2 400 000 messages/s"),
    ],
)
def test_values_are_said_with_as_many_digits_as_mean_something(value: float, unit: str, said: str) -> None:
    assert human(value, unit) == said


def test_every_reading_of_a_case_has_a_name_of_its_own() -> None:
    for case in CASES.values():
        names = [reading.name for reading in case.readings]
        assert len(names) == len(set(names))
