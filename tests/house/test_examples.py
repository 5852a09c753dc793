"""Every file in examples/ runs to its end as a program of its own."""

from pathlib import Path

import pytest
from programs import run_program
from sources import ROOT

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_runs(example: Path, tmp_path: Path) -> None:
    done = run_program(example, tmp_path, timeout=200)
    assert done.returncode == 0, done.stderr
