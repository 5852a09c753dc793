"""Whatever a model says, a terminal only shows it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmagentos._core.text import one_line, plain


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("plain words, \N{SNOWMAN}, 中文", "plain words, \N{SNOWMAN}, 中文"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"),
        ("over\rwrite", "over\\rwrite"),
        ("back\x08space", "back\\x08space"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202ereversed", "\\u202ereversed"),
        ("\u2028next", "\\u2028next"),
        ("half \ud800", "half \\ud800"),
        ("family \U0001f468\u200d\U0001f469", "family \U0001f468\u200d\U0001f469"),
    ],
)
def test_what_a_terminal_would_obey_is_spelled_out(foreign: str, shown: str) -> None:
    assert plain(foreign) == shown


@given(st.text(), st.integers(0, 20))
def test_the_pieces_of_a_stream_give_the_same_as_the_whole(text: str, cut: int) -> None:
    assert plain(text[:cut]) + plain(text[cut:]) == plain(text)


@given(st.text())
def test_what_comes_out_can_be_printed(text: str) -> None:
    assert all(c in "\n\t\u200c\u200d" or ord(c) >= 0x20 for c in plain(text))
    plain(text).encode()


def test_one_line_is_one_line_and_says_where_it_was_cut() -> None:
    assert one_line("a\n b\x1b") == "a b\\x1b"
    assert one_line("x" * 300, 10) == "x" * 9 + "…"
