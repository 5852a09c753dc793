"""Every Python block in README and docs runs, and prints what the page says it prints.

A ```python block is a whole program. A fragment wears another tag (```py). A ```text block right after a program is its
output.
"""

from pathlib import Path

import pytest
from blocks import Block, blocks_of, pages
from programs import run_program

PROGRAMS = [block for page in pages() for block in blocks_of(page) if block.tag == "python"]


@pytest.mark.slow
@pytest.mark.parametrize("block", PROGRAMS, ids=str)
def test_the_block_runs_as_a_program(block: Block, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(block.body, encoding="utf-8")
    done = run_program(program, tmp_path, timeout=50)
    assert done.returncode == 0, done.stderr
    if block.output is not None:
        assert done.stdout == block.output
