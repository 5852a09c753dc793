"""Charts can be drawn from any figures."""

from pathlib import Path

import pytest

from measuring.figures import Figure, Figures

pytest.importorskip("matplotlib", reason="charts take matplotlib")


def test_ratios_are_drawn(tmp_path: Path) -> None:
    from measuring.charts import draw_ratios

    target = tmp_path / "ratios.png"
    names = ("llmactors", "asyncio", "erlang")
    draw_ratios(Figures(Figure("ask", "time", name, (1.0 + number,)) for number, name in enumerate(names)), target)
    assert target.read_bytes().startswith(b"\x89PNG")


def test_growth_is_drawn(tmp_path: Path) -> None:
    from measuring.charts import draw_growth

    target = tmp_path / "growth.png"
    draw_growth({"actors": {"llmactors": {10: 0.5, 1000: 0.6}}, "messages": {"asyncio": {10: 1.0}}}, target)
    assert target.read_bytes().startswith(b"\x89PNG")
