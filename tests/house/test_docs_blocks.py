"""Every Python block in README and docs runs, and prints what the page says it prints.

A ```python block is a whole program. A ```text block right after a program is its output. A fragment wears another tag
(```py): what it needs stands in a comment before it, `<!-- given ... -->`, and is run with it, but for what is under
`if __name__ == "__main__":`. Those with the title of a file are pieces of it, and pytest runs the file. Where a console
block follows that begins with FAILED, that is how it fails; numbers may differ, for they come from the order of what
happens.
"""

import re
from pathlib import Path

import pytest
from blocks import Block, File, blocks_of, files_of, pages
from programs import run_fragment, run_program, run_tests

NUMBER = re.compile(r"0x[0-9a-f]+|\d+")
FILES = [file for page in pages() for file in files_of(page)]
PROGRAMS = [block for page in pages() for block in blocks_of(page) if block.tag == "python"]
FRAGMENTS = [block for page in pages() for block in blocks_of(page) if block.tag == "py" and block.title is None]


@pytest.mark.slow
@pytest.mark.parametrize("block", PROGRAMS, ids=str)
def test_the_block_runs_as_a_program(block: Block, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(block.body, encoding="utf-8")
    done = run_program(program, tmp_path, timeout=50)
    assert done.returncode == 0, done.stderr
    if block.output is not None:
        assert done.stdout == block.output


@pytest.mark.slow
@pytest.mark.parametrize("block", FRAGMENTS, ids=str)
def test_a_fragment_runs_with_what_is_given_for_it(block: Block, tmp_path: Path) -> None:
    assert block.given is not None, "say before it what it needs, in a comment: <!-- given ... -->"
    program = tmp_path / "fragment.py"
    program.write_text(f"{block.given}\n\n{block.body}", encoding="utf-8")
    done = run_fragment(program, tmp_path, timeout=50)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_file_of_tests_passes_or_fails_as_its_page_says(file: File, tmp_path: Path) -> None:
    (tmp_path / file.title).write_text(file.body, encoding="utf-8")
    done = run_tests(Path(file.title), tmp_path, timeout=50)
    if file.failure is None:
        assert done.returncode == 0, done.stdout + done.stderr
        return
    assert done.returncode == 1, done.stdout + done.stderr
    lines = [_told(line.removeprefix("E ")) for line in done.stdout.splitlines() if line.startswith("E ")]
    first = next(place for place, line in enumerate(lines) if line.startswith("FAILED "))
    assert lines[first:] == [_told(line) for line in file.failure.splitlines()], done.stdout


def _told(line: str) -> str:
    return NUMBER.sub("0", " ".join(line.split()))
