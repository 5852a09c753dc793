"""At 400 lines a file is asked for its second idea."""

import pytest
from sources import ROOT

LIMIT = 400
MARKER = "# house: long because "
FOLDERS = ("llmactors", "supervisors", "llmagentos", "tests", "examples", "benchmarks")


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_long_file_says_why_it_is_long(folder: str) -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / folder).rglob("*.py"))}
    silent = [
        f"{path.relative_to(ROOT)}: {text.count(chr(10))} lines and no `{MARKER}...`"
        for path, text in texts.items()
        if text.count("\n") > LIMIT and MARKER not in text
    ]
    assert not silent, "\n" + "\n".join(silent)
