"""When a whole program's garbage is collected."""

import pytest

from llmactors._core.collecting import (
    GROWN,
    IDLE,
    MATTERS,
    NEVER_RESTS,
    PATIENCE,
    PORTION,
    RESTED,
    Book,
    Verdict,
    look,
    new_book,
)

BOOK = new_book(7, 100.0, living=1_000 * PORTION)
MANY = int(MATTERS + GROWN * 1_000)


@pytest.mark.parametrize(
    ("portions", "since", "still", "verdict"),
    [
        (7, 10.0, IDLE, Verdict.NOTHING),  # nothing has survived since
        (8, 10.0, 0.0, Verdict.NOTHING),  # somebody would wait
        (8, 10.0, IDLE, Verdict.YOUNG),
        (8, PATIENCE, 0.0, Verdict.YOUNG),  # it is never idle
        (7, PATIENCE, 0.0, Verdict.NOTHING),
    ],
)
def test_what_is_young_is_collected_when_something_has_survived_and_nobody_waits(
    portions: int, since: float, still: float, verdict: Verdict
) -> None:
    now = BOOK.at + since
    book, found = look(BOOK, portions, now, now - still)
    assert found is verdict
    assert book == (BOOK if verdict is Verdict.NOTHING else Book(now, portions, 100.0, 7, BOOK.living))


@pytest.mark.parametrize(
    ("frozen", "since", "still", "verdict"),
    [
        (MANY, 10.0, RESTED, Verdict.THAWED),
        (MANY - 1, 10.0, RESTED, Verdict.YOUNG),  # too few to matter
        (MANY, 10.0, IDLE, Verdict.YOUNG),  # somebody may come
        (MANY, 10.0, 0.0, Verdict.NOTHING),
        (MANY, NEVER_RESTS, 0.0, Verdict.THAWED),  # nobody knows when it will rest
        (MANY - 1, NEVER_RESTS, RESTED, Verdict.YOUNG),
    ],
)
def test_the_frozen_are_looked_at_when_many_more_have_been_frozen_and_nobody_waits(
    frozen: int, since: float, still: float, verdict: Verdict
) -> None:
    now = BOOK.at + since
    assert look(BOOK, BOOK.portions + frozen, now, now - still)[1] is verdict
