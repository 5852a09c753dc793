"""The benchmarks' command, with as little work as it takes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sources import ROOT

RUN = [sys.executable, str(ROOT / "benchmarks" / "run.py")]
FEWEST = "500"


@pytest.mark.slow
def test_we_are_measured_beside_every_rival_and_the_figures_are_written(tmp_path: Path) -> None:
    target = tmp_path / "figures.json"
    command = [*RUN, "--rounds", "1", "--n", FEWEST, "--json", str(target)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=55, cwd=tmp_path)
    figures = json.loads(target.read_text(encoding="utf-8"))["figures"]
    cases, rivals = ("ask", "tell", "ring", "spawn"), ("llmactors", "asyncio", "pykka")
    assert [(one["case"], one["rival"]) for one in figures] == [(case, rival) for case in cases for rival in rivals]
    assert all(one["ratio_to_ours"] > 0 for one in figures)
    assert "times ours" in done.stdout


def test_a_case_that_does_not_exist_is_refused_by_name(tmp_path: Path) -> None:
    command = [*RUN, "--case", "telepathy"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30, cwd=tmp_path)
    assert done.returncode == 2
    assert "telepathy" in done.stderr
