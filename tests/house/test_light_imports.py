"""Importing a package loads what it needs and no more."""

import subprocess
import sys
from pathlib import Path

import pytest
from sources import PACKAGES

HEAVY = ("torch", "numpy", "pykka", "thespian", "ray", "xllamacpp", "typer", "rich", "transformers")


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_loads_no_optional_or_heavy_library(package: str, tmp_path: Path) -> None:
    program = f"import sys, {package}; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=50, cwd=tmp_path
    )
    assert done.stdout.split() == []


def test_the_command_line_begins_without_the_kernel_and_the_trees(tmp_path: Path) -> None:
    program = "import sys, llmagentos.cli, llmagentos._control._client; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=50, cwd=tmp_path
    )
    assert {"llmactors", "supervisors", "asyncio"}.isdisjoint(done.stdout.split())
