"""Who may begin, whose outcome is next, and who has had its time (row A115)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisors._core._line import Line


@pytest.mark.parametrize(("ordered", "given_out"), [(True, [None, 0, 1, 2]), (False, [2, 0, 1, None])])
def test_an_ordered_line_waits_for_the_first_and_an_unordered_one_for_nobody(
    ordered: bool, given_out: list[int | None]
) -> None:
    line = Line(3, ordered=ordered, timeout=None)
    for _ in range(3):
        line.begin(0.0)
    line.finish(2)
    first = line.give()
    line.finish(0)
    line.finish(1)
    assert [first, line.give(), line.give(), line.give()] == given_out


@pytest.mark.parametrize(("now", "left", "overdue"), [(1.0, 4.0, []), (5.0, 0.0, [0]), (9.0, 0.0, [0, 1])])
def test_who_began_first_is_overdue_first(now: float, left: float, overdue: list[int]) -> None:
    line = Line(2, ordered=True, timeout=5.0)
    line.begin(0.0)
    line.begin(1.0)
    assert (line.left(now), line.overdue(now)) == (left, overdue)


def test_nobody_is_overdue_without_a_timeout_or_without_tasks() -> None:
    endless = Line(1, ordered=True, timeout=None)
    endless.begin(0.0)
    assert (endless.left(1e9), endless.overdue(1e9)) == (None, [])
    assert Line(1, ordered=True, timeout=1.0).left(1e9) is None


@given(st.integers(1, 4), st.booleans(), st.lists(st.integers(0, 3), max_size=60))
def test_places_are_never_more_than_allowed_and_each_is_given_once(
    concurrency: int, ordered: bool, choices: list[int]
) -> None:
    line, running, out = Line(concurrency, ordered=ordered, timeout=None), list[int](), list[int]()
    begun = 0
    for choice in choices:
        if line.has_room:
            running.append(line.begin(0.0))
            begun += 1
        if running:
            line.finish(running.pop(choice % len(running)))
        while (place := line.give()) is not None:
            out.append(place)
        assert line.taken <= concurrency
    for place in running:
        line.finish(place)
    while (place := line.give()) is not None:
        out.append(place)
    assert sorted(out) == list(range(begun))
    assert line.taken == 0
    assert not ordered or out == sorted(out)
