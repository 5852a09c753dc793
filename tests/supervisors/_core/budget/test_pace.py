"""A rate withholds the go-ahead, never longer than it must."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisors._budget import Pace
from supervisors._core.budget._pace import admit, give_back, owe

ONE_A_SECOND = Pace(rate=1.0, burst=3.0)


def starts(pace: Pace, asked: list[float], units: float = 1.0) -> list[float]:
    """Return when each of those that ask at these times may go."""
    due, found = 0.0, []
    for now in asked:
        due, start = admit(pace, due, now, units)
        found.append(start)
    return found


@pytest.mark.parametrize(
    ("asked", "go"),
    [
        ([0, 0, 0], [0, 0, 0]),
        ([0, 0, 0, 0, 0], [0, 0, 0, 1, 2]),
        ([10, 10, 10, 10], [10, 10, 10, 11]),
        ([0, 0, 0, 0, 9, 9, 9, 9], [0, 0, 0, 1, 9, 9, 9, 10]),
        ([0, 0, 0, 1, 2, 3], [0, 0, 0, 1, 2, 3]),
    ],
)
def test_a_burst_goes_at_once_and_the_rest_one_by_one_in_the_order_in_which_they_asked(
    asked: list[float], go: list[float]
) -> None:
    assert starts(ONE_A_SECOND, asked) == pytest.approx(go)


def test_more_than_the_burst_goes_when_all_before_is_paid_for_and_those_behind_wait_the_longer() -> None:
    due, start = admit(ONE_A_SECOND, 0.0, 0.0, 10.0)
    assert start == 0.0
    due, start = admit(ONE_A_SECOND, due, 0.0, 1.0)
    assert start == pytest.approx(8.0)


def test_what_is_given_back_lets_the_next_go_sooner() -> None:
    due, _ = admit(ONE_A_SECOND, 0.0, 0.0, 10.0)
    assert admit(ONE_A_SECOND, give_back(ONE_A_SECOND, due, 10.0), 0.0)[1] == 0.0


@given(st.floats(0.1, 1_000), st.floats(0, 100), st.lists(st.tuples(st.floats(0, 0.1), st.floats(0.1, 5)), max_size=60))
def test_no_window_of_time_sees_more_than_the_rate_and_one_burst(
    rate: float, burst: float, steps: list[tuple[float, float]]
) -> None:
    pace, due, now, went = Pace(rate, burst), 0.0, 0.0, []
    for pause, units in steps:
        now += pause
        due, start = admit(pace, due, now, units)
        went.append((start, units))
    largest = max((units for _, units in went), default=0.0)
    for first, _ in went:
        for last, _ in went:
            if last >= first:
                total = sum(units for start, units in went if first <= start <= last)
                assert total <= (last - first) * rate + max(burst, largest) + largest + 1e-6 * (1 + total)


def test_what_is_used_before_it_is_known_is_owed() -> None:
    half = Pace(rate=0.5, burst=0.0)
    due = owe(half, 0.0, now=10.0, units=0.1)
    assert due == pytest.approx(10.2)
    assert owe(half, due, now=10.2, units=0.05) == pytest.approx(10.3)


def test_a_rest_earns_the_burst_and_no_more() -> None:
    pace = Pace(rate=0.5, burst=0.1)
    due = owe(pace, 0.0, now=1_000.0, units=0.1)
    assert due == pytest.approx(1_000.0)


@given(st.floats(0.01, 4), st.floats(0, 1), st.lists(st.floats(0.0001, 0.5), min_size=1, max_size=50))
def test_over_time_the_share_is_the_rate_and_waiting_always_ends(
    rate: float, burst: float, slices: list[float]
) -> None:
    pace, due, now, used = Pace(rate, burst), 0.0, 100.0, 0.0
    for seconds in slices:
        now = max(now, due) + seconds
        due = owe(pace, due, now, seconds)
        used += seconds
        assert due - now <= seconds / rate + 1e-6
    end = max(now, due)
    assert used <= (end - 100.0) * rate + burst + max(slices) * rate + 1e-6
