"""How fast something went lately, and one rate as a whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisors._budget import Pace
from supervisors._core.budget._flow import Flow
from supervisors._core.budget._meter import Meter


@pytest.mark.parametrize(
    ("went", "now", "rate"),
    [
        ([], 5.0, 0.0),
        ([(0.0, 4.0)], 0.5, 4.0),
        ([(0.0, 4.0)], 1.0, 4.0),  # as if it had come evenly, all of it within the last second
        ([(0.0, 4.0)], 1.25, 3.0),
        ([(0.0, 4.0), (1.5, 1.0)], 1.5, 3.0),
        ([(0.0, 4.0)], 2.0, 0.0),
        ([(0.0, 4.0)], 100.0, 0.0),
    ],
)
def test_the_rate_is_what_went_in_the_last_second(went: list[tuple[float, float]], now: float, rate: float) -> None:
    flow = Flow(0.0)
    for at, units in went:
        flow.add(units, at)
    assert flow.rate(now) == pytest.approx(rate)


@given(st.floats(0.5, 50), st.floats(0.01, 0.2), st.floats(2, 20))
def test_what_flows_evenly_has_just_that_rate(units: float, pause: float, seconds: float) -> None:
    flow, now = Flow(0.0), 0.0
    while now < seconds:
        now += pause
        flow.add(units, now)
    assert flow.rate(now) == pytest.approx(units / pause, abs=2 * units)


def test_a_meter_lets_through_charges_and_gives_back() -> None:
    meter = Meter(Pace(rate=1.0, burst=2.0), Flow(0.0))
    assert [meter.admit(1.0, 0.0) for _ in range(3)] == [0.0, 0.0, pytest.approx(1.0)]
    meter.give_back(1.0)
    assert meter.admit(1.0, 0.0) == pytest.approx(1.0)
    meter.owe(5.0, 10.0)
    assert meter.due == pytest.approx(13.0)
    assert meter.flow.rate(10.0) == 5.0
    meter.owe(5.0, 10.0, Pace(rate=5.0, burst=0.0))
    assert meter.due == pytest.approx(14.0)


def test_a_change_of_the_rate_forgets_what_is_owed_beyond_now() -> None:
    meter = Meter(Pace(rate=1.0, burst=0.0), Flow(0.0), due=50.0)
    meter.change(Pace(rate=2.0, burst=0.0), 10.0)
    assert (meter.pace.rate, meter.due) == (2.0, 10.0)
