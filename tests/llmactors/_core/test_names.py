"""Names and paths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmactors._core.names import FORBIDDEN, LONGEST, check_name, join, split

NAMES = st.text(min_size=1, max_size=LONGEST).filter(lambda name: name not in {".", ".."} and not FORBIDDEN & set(name))


@given(NAMES)
def test_any_text_without_slash_or_control_character_is_a_name(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "/", "a\0", "a\nb", "a\tb", "x" * (LONGEST + 1), "\ud800", "a\udcff"]
)
def test_what_would_make_a_path_ambiguous_is_no_name(name: str) -> None:
    with pytest.raises(ValueError, match="no name for an actor"):
        check_name(name)


def test_of_a_name_that_is_far_too_long_the_beginning_is_told() -> None:
    with pytest.raises(ValueError, match=r"^'x{200}'\.\.\. \(5000 characters\) is no name"):
        check_name("x" * 5_000)


def test_a_name_is_a_str() -> None:
    with pytest.raises(TypeError, match="a name is a str"):
        check_name(3)  # type: ignore[arg-type]


@given(st.lists(NAMES).map(tuple))
def test_a_path_comes_apart_into_the_names_it_was_made_of(names: tuple[str, ...]) -> None:
    assert split(join(names)) == names


@pytest.mark.parametrize("path", ["a/b", "/a/b", "/a/b/", "a//b"])
def test_slashes_at_the_ends_do_not_matter(path: str) -> None:
    assert split(path) == ("a", "b")


def test_the_root_is_a_slash() -> None:
    assert join(()) == "/"
    assert split("/") == ()
