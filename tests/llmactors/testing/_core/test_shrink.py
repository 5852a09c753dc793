from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmactors.testing._core.shrink import shrink, shrunk

Part = tuple[int, ...]


def needs(*wanted: int) -> Callable[[Part], bool]:
    return lambda part: set(wanted) <= set(part)


def is_one_minimal(part: Part, breaks: Callable[[Part], bool]) -> bool:
    return not any(breaks(part[:place] + part[place + 1 :]) for place in range(len(part)))


@pytest.mark.parametrize(
    ("length", "wanted"),
    [(0, ()), (1, ()), (1, (0,)), (8, ()), (8, (3,)), (200, (7, 150)), (200, (0, 199)), (64, tuple(range(64)))],
)
def test_what_is_needed_is_left_and_nothing_else(length: int, wanted: Part) -> None:
    result = shrunk(range(length), needs(*wanted))
    assert result.choices == wanted
    assert result.minimal


def test_the_plain_run_is_tried_first() -> None:
    asking = shrink("abcdef")
    assert next(asking) == ()
    with pytest.raises(StopIteration) as done:
        asking.send(True)
    assert done.value.value.choices == ()
    assert done.value.value.tries == 1


def test_then_the_beginning_is_found_by_halves() -> None:
    asking = shrink("abcdefgh")
    asked = ["".join(next(asking))]
    asked += ["".join(asking.send(answer)) for answer in (False, True, False)]
    assert asked == ["", "abcd", "ab", "abc"]


def test_few_tries_are_enough_for_few_causes() -> None:
    assert shrunk(range(1_000), needs(421)).tries <= 35
    assert shrunk(range(1_000), needs(10, 421, 800)).tries <= 90


def test_when_tries_run_out_the_best_so_far_is_the_result_and_says_so() -> None:
    result = shrunk(range(100), needs(10, 40, 70), tries=9)
    assert result.tries == 9
    assert not result.minimal
    assert {10, 40, 70} <= set(result.choices) < set(range(100))


def test_without_tries_nothing_is_asked() -> None:
    assert shrunk("ab", lambda part: True, tries=0).choices == ("a", "b")


def test_the_same_answers_lead_to_the_same_questions() -> None:
    def asked() -> list[Part]:
        questions: list[Part] = []

        def breaks(part: Part) -> bool:
            questions.append(part)
            return {3, 11} <= set(part)

        shrunk(range(20), breaks)
        return questions

    assert asked() == asked()
    assert len(set(asked())) == len(asked()), "no question is asked twice"


@given(st.integers(0, 40), st.sets(st.integers(0, 39)))
def test_of_a_monotone_cause_exactly_the_cause_is_left(length: int, places: set[int]) -> None:
    wanted = {place for place in places if place < length}
    result = shrunk(range(length), needs(*wanted), tries=10_000)
    assert set(result.choices) == wanted


@given(st.integers(1, 25), st.randoms(use_true_random=False))
def test_of_any_cause_a_part_is_left_that_is_enough_and_of_which_none_can_be_left_out(
    length: int, random: Random
) -> None:
    whole = tuple(range(length))
    verdicts: dict[Part, bool] = {whole: True}

    def breaks(part: Part) -> bool:
        return verdicts.setdefault(part, random.random() < 0.3)

    result = shrunk(whole, breaks, tries=100_000)
    assert result.minimal
    assert breaks(result.choices)
    assert tuple(sorted(result.choices)) == result.choices
    assert set(result.choices) <= set(whole)
    assert is_one_minimal(result.choices, breaks)


@given(st.integers(1, 30), st.integers(0, 60), st.randoms(use_true_random=False))
def test_it_never_asks_more_than_it_may(length: int, tries: int, random: Random) -> None:
    result = shrunk(range(length), lambda part: random.random() < 0.5, tries)
    assert result.tries <= tries
