"""README's two promises: what to paste to run it, what to paste to test it."""

import subprocess

import pytest
from blocks import section
from sources import ROOT

README = ROOT / "README.md"


@pytest.mark.parametrize("heading", ["## Run it", "## Test it"])
def test_the_heading_holds_exactly_one_block_and_it_is_bash(heading: str) -> None:
    assert [block.tag for block in section(README, heading)] == ["bash"]


@pytest.mark.parametrize("heading", ["## Run it", "## Test it"])
def test_the_block_is_valid_bash(heading: str) -> None:
    (block,) = section(README, heading)
    subprocess.run(["bash", "-n"], input=block.body, text=True, check=True, timeout=20)
