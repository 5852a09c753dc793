"""A rate withholds the go-ahead, never longer than it must."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisors._budget import Pace
from supervisors._core.budget._pace import LATE, admit, give_back, lapsed, owe

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


@pytest.mark.parametrize(
    ("paces", "late", "misses"),
    [
        ([], 1_000.0, False),
        ([Pace(1_000.0, 40.0)], 0.0, False),
        ([Pace(1_000.0, 40.0)], LATE, False),
        ([Pace(1_000.0, 40.0)], LATE + 0.01, True),
        ([Pace(1.0, 3.0)], 3.0, False),
        ([Pace(1.0, 3.0)], 3.1, True),
        ([Pace(1.0, 3.0), Pace(1_000.0, 40.0)], 3.0, False),
    ],
)
def test_a_place_is_kept_for_a_quarter_of_a_second_or_for_as_long_as_the_burst_takes(
    paces: list[Pace], late: float, misses: bool
) -> None:
    assert lapsed(paces, 100.0, 100.0 + late) is misses


@given(st.integers(1, 40), st.floats(1, 50), st.floats(0, 20), st.lists(st.floats(0, 3), min_size=1, max_size=30))
def test_after_a_stall_no_more_go_than_a_burst_and_what_is_kept_for_those_who_are_late(
    waiting: int, rate: float, burst: float, pauses: list[float]
) -> None:
    pace, due, now = Pace(rate, burst), 0.0, 0.0
    places: dict[int, float] = {}
    went: list[float] = []
    for pause in pauses:
        now += pause
        for number in sorted(range(waiting), key=lambda each: places.get(each, now)):
            if number not in places or lapsed([pace], places[number], now):
                due, places[number] = admit(pace, due, now)
            if places[number] <= now:
                del places[number]
                went.append(now)
    kept = max(LATE, pace.slack)
    for place, first in enumerate(went):
        for count, last in enumerate(went[place:], 1):
            assert count <= (last - first + kept) * rate + max(burst, 1.0) + 1.0 + 1e-6


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
