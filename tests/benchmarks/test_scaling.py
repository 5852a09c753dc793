"""What a message costs as numbers grow: the command, with small numbers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sources import ROOT

from scaling import SIZES, growth_table, series

SCALING = ROOT / "benchmarks" / "scaling.py"


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_costs_are_measured_by_number_and_written(tmp_path: Path) -> None:
    target = tmp_path / "growth.json"
    command = [sys.executable, str(SCALING), "--rounds", "1", "--most", "10", "--json", str(target)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=110, cwd=tmp_path)
    found = json.loads(target.read_text(encoding="utf-8"))
    assert [(one["case"], one["runtime"], one["n"]) for one in found["figures"]] == [
        ("ring-of", "llmactors", 10),
        ("ring-of", "asyncio", 10),
    ]
    assert all(one["median"] > 0 and len(one["rounds"]) == 1 for one in found["figures"])
    assert "raw asyncio" in done.stdout


def test_numbers_grow_to_a_million_actors_and_three_million_messages() -> None:
    assert SIZES["ring-of", "llmactors"][-1] == 1_000_000
    assert SIZES["queue-of", "llmactors"][-1] == 3_000_000


def test_costs_stand_by_what_grows_and_by_runtime() -> None:
    found = {
        "figures": [
            {"case": "queue-of", "runtime": "llmactors", "n": 1_000, "median": 0.4},
            {"case": "queue-of", "runtime": "llmactors", "n": 3_000_000, "median": 0.5},
        ]
    }
    assert series(found) == {"messages in the queue": {"llmactors": {1_000: 0.4, 3_000_000: 0.5}}}
    (row,) = growth_table(found).splitlines()[2:]
    space = "\N{NO-BREAK SPACE}"
    assert f"1{space}000<br>3{space}000{space}000" in row
    assert f"0.4{space}µs<br>0.5{space}µs" in row
