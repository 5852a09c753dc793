"""The pages that show the figures: they are what the command makes of the files that are kept with them."""

from pathlib import Path
from typing import Any

import pytest
from publish import (
    FIGURES,
    GROWTH,
    GROWTH_CHART,
    PAGE,
    RATIOS_CHART,
    README,
    behind,
    read,
    rewritten,
    versions,
    warning,
)

from measuring.figures import Figure, Figures


def found(**changed: Any) -> dict[str, Any]:
    machine = {"processor": "Some CPU", "processors": 2, "system": "Linux 6", "python": "CPython 3.11.7"}
    figures = Figures(
        [
            Figure("ask", "time", "llmactors", (1.0,)),
            Figure("ask", "time", "erlang", (0.5,)),
            Figure("tell", "time", "llmactors", (0.4,)),
            Figure("tell", "time", "asyncio", (0.5,)),
        ]
    )
    return {
        "when": "2026-11-22T18:00:00+00:00",
        "machine": machine,
        "load_before": 0.5,
        "rounds": 5,
        "versions": {"llmactors": {"version": "1", "python": "3.11"}, "erlang": {"version": "25", "python": "3.11"}},
        "absent": [{"runtime": "ray", "why": "not there"}],
        "failed": [{"runtime": "pykka", "case": "ask", "why": "fell over"}],
        "figures": figures.as_json(),
        **changed,
    }


GROWN = {"figures": [{"case": "ring-of", "runtime": "llmactors", "n": 10, "median": 0.5}]}


@pytest.mark.parametrize("page", [PAGE, README])
def test_a_page_shows_the_figures_that_are_kept(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "<!-- figures: " in text
    assert rewritten(text, read(FIGURES), read(GROWTH)) == text


@pytest.mark.parametrize("chart", [RATIOS_CHART, GROWTH_CHART])
def test_the_charts_are_there_and_light(chart: Path) -> None:
    assert chart.read_bytes().startswith(b"\x89PNG")
    assert chart.stat().st_size < 200_000


def test_only_what_stands_between_markers_is_rewritten() -> None:
    end = "<!-- end of figures -->"
    text = f"before\n<!-- figures: conditions -->\nstale\n{end}\nafter\n<!-- figures: short -->{end}"
    once = rewritten(text, found(), GROWN)
    assert once.startswith("before\n<!-- figures: conditions -->\n\nMeasured on 2026-11-22, CPython 3.11.7, 2 ")
    assert "stale" not in once
    assert "after" in once
    assert "| ask, idle actor | 1.0 µs |" in once
    assert rewritten(once, found(), GROWN) == once


@pytest.mark.parametrize(("load", "warned"), [(0.3, False), (4.0, True), (None, False)])
def test_a_busy_machine_is_warned_of(load: float | None, *, warned: bool) -> None:
    assert ("The machine was busy" in warning(found(load_before=load))) == warned


def test_a_marker_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(KeyError, match="weather"):
        rewritten("<!-- figures: weather -->\n<!-- end of figures -->", found(), GROWN)


def test_what_is_better_than_ours_is_listed_and_nothing_else() -> None:
    figures = Figures(
        [
            Figure("ask", "time", "llmactors", (1.0,)),
            Figure("ask", "time", "erlang", (0.5,)),
            Figure("ask", "time", "asyncio", (2.0,)),
            Figure("process-echo", "rate", "llmactors", (100.0,)),
            Figure("process-echo", "rate", "ray", (300.0,)),
        ]
    )
    lines = behind(figures).splitlines()
    assert [line.partition(",")[0] for line in lines] == ["- ask", "- 1 MiB echoed"]
    assert "Erlang/OTP by 2.0" in lines[0]
    assert "Ray by 3.0" in lines[1]
    assert behind(Figures([])) == "Nowhere, among these cases."


def test_who_was_absent_and_who_failed_is_said() -> None:
    lines = versions(found()).splitlines()
    assert lines == [
        "- Erlang/OTP 25, CPython 3.11",
        "- not measured: Ray (not there)",
        "- failed: Pykka at ask (fell over)",
    ]
