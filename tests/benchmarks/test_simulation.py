"""How fast simulated tests run: the tests that are measured pass, and the command tells their rates."""

import json
from pathlib import Path

import pytest
import simulation


def test_the_command_measures_and_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(simulation, "pin", lambda _processor: None)
    target = tmp_path / "simulation.json"
    simulation.main(["--runs", "4", "--batches", "2", "--json", str(target)])
    found = json.loads(target.read_text(encoding="utf-8"))
    assert set(found["medians"]) == set(simulation.TESTS)
    assert all(len(each) == 2 and min(each) > 0 for each in found["rates"].values())
    assert "one actor below a supervisor" in capsys.readouterr().out
