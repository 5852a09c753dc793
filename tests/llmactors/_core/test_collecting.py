"""When a whole program's garbage is collected."""

import pytest

from llmactors._core.collecting import IDLE, PATIENCE, THAW, Book, Verdict, look

BOOK = Book(at=100.0, portions=7)


@pytest.mark.parametrize(
    ("portions", "since", "idle", "verdict"),
    [
        (7, 10.0, IDLE, Verdict.NOTHING),  # nothing has survived since
        (8, 10.0, 0.0, Verdict.NOTHING),  # somebody would wait
        (8, 10.0, IDLE, Verdict.WHOLE),
        (8, PATIENCE, 0.0, Verdict.WHOLE),  # it is never idle
        (7, PATIENCE, 0.0, Verdict.NOTHING),
    ],
)
def test_the_whole_is_collected_when_something_has_survived_and_nobody_waits(
    portions: int, since: float, idle: float, verdict: Verdict
) -> None:
    now = BOOK.at + since
    book, found = look(BOOK, portions, now, now - idle)
    assert found is verdict
    assert book == (BOOK if verdict is Verdict.NOTHING else Book(now, portions, 1))


def test_once_in_a_while_the_frozen_are_looked_at_but_never_while_somebody_waits() -> None:
    book, verdicts = BOOK, []
    for number in range(1, 3 * THAW + 1):
        now = book.at + PATIENCE
        book, verdict = look(book, 7 + number, now, now if number == 2 * THAW else now - IDLE)
        verdicts.append(verdict)
    assert [number for number, verdict in enumerate(verdicts, 1) if verdict is Verdict.THAWED] == [THAW, 3 * THAW]
    assert Verdict.NOTHING not in verdicts
