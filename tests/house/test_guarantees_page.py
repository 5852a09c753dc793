"""Every guarantee on its page names the tests that hold it."""

import re

import pytest
from sources import ROOT

PAGE = ROOT / "docs" / "reference" / "guarantees.md"
SECTION = re.compile(r"^## (\d+)\. [^\n]*\n(.*?)(?=^## )", re.MULTILINE | re.DOTALL)
TESTS = re.compile(r"`(tests/[^`]+)`")

SECTIONS = {int(number): text for number, text in SECTION.findall(PAGE.read_text(encoding="utf-8"))}


def test_the_page_has_every_guarantee_of_this_release() -> None:
    assert sorted(SECTIONS) == [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]


@pytest.mark.parametrize("number", SECTIONS)
def test_the_guarantee_names_its_tests_and_they_are_there(number: int) -> None:
    named = TESTS.findall(SECTIONS[number])
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []
