"""Simulations that are to fail leave their tapes and timelines where nobody has to clean up."""

from pathlib import Path

import pytest

from llmactors.testing._options import OPTIONS


@pytest.fixture(autouse=True)
def failures_are_written_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OPTIONS, "folder", tmp_path / "sim")
