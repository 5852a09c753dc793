"""What the command line writes."""

from pathlib import Path

import pytest

from llmagentos.cli._output import as_table, complain, size, span
from llmagentos.cli._run import load, pick
from llmagentos.cli.errors import NothingToRunError


def test_a_table_is_aligned_and_obeys_no_foreign_text(capsys: pytest.CaptureFixture[str]) -> None:
    as_table([{"name": "a\x1b[2J", "n": None}, {"name": "long name", "n": 12}], {"name": "name", "n": "count"})
    assert capsys.readouterr().out == "NAME       COUNT\na\\x1b[2J   -\nlong name  12\n"


def test_a_complaint_goes_to_standard_error_and_names_us(capsys: pytest.CaptureFixture[str]) -> None:
    complain("there is no \x07bell")
    assert capsys.readouterr() == ("", "llmagentos: there is no \\x07bell\n")


@pytest.mark.parametrize(
    ("count", "text"), [(None, None), (0, "0 B"), (1024, "1 KiB"), (98_362_432, "94 MiB"), (3 * 2**30, "3.0 GiB")]
)
def test_sizes_are_for_people(count: float | None, text: str | None) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, None), (0.04, "0.0s"), (59.94, "59.9s"), (61, "1m01s"), (3_600 * 5 + 60, "5h01m")]
)
def test_times_are_for_people(seconds: float | None, text: str | None) -> None:
    assert span(seconds) == text


ONE = """
from supervisors import Supervisor
class One(Supervisor): ...
"""
TWO = ONE + "class Two(Supervisor): ...\n"


@pytest.mark.parametrize(
    ("text", "wanted", "name"),
    [
        ("from supervisors import Supervisor\nclass Only(Supervisor): ...\n", "", "Only"),
        ("from llmagentos import Agent\nclass Only(Agent): ...\n", "", "Only"),
        ("from llmagentos import Agent\n" + ONE + "class Part(Agent): ...\n", "", "One"),
        (TWO, "Two", "Two"),
        (TWO + "class App(Supervisor): ...\n", "", "App"),
    ],
)
def test_run_finds_what_to_run(tmp_path: Path, text: str, wanted: str, name: str) -> None:
    file = tmp_path / f"program_{abs(hash((text, wanted)))}.py"
    file.write_text(text)
    assert pick(load(file), wanted).__name__ == name


@pytest.mark.parametrize(
    ("text", "wanted", "words"),
    [
        (None, "", "there is no such file"),
        (TWO, "", "it defines One, Two; say which one with"),
        (TWO, "Three", "`Three` in it is no Supervisor or Agent"),
        ("x = 1\n", "", "it defines no Supervisor and no Agent"),
        ("x = 1\n", "x", "`x` in it is no Supervisor or Agent"),
    ],
)
def test_run_says_why_there_is_nothing_to_run(tmp_path: Path, text: str | None, wanted: str, words: str) -> None:
    file = tmp_path / f"program_{abs(hash((text, wanted)))}.py"
    if text is not None:
        file.write_text(text)
    with pytest.raises(NothingToRunError) as caught:
        pick(load(file), wanted)
    assert words in str(caught.value)
