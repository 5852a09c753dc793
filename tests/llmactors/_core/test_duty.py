"""A share of CPU by running and standing still: the share is held whatever the machine gives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmactors._core.duty import CREDIT, LONGEST, QUANTUM, begin, look


def run(share: float, gets: float, seconds: float) -> float:
    """Let a process that wants all it can get run on a machine that gives it *gets* cores; return what it used."""
    now = used = 0.0
    duty, until = begin(share, 0.0, 0.0), 0.0
    while now < seconds:
        used += 0.0 if duty.stopped else (until - now) * gets
        now = until
        duty, until = look(duty, used, now)
    return used / now


@pytest.mark.parametrize("share", [0.01, 0.05, 0.25, 0.5, 0.9, 1.5])
@pytest.mark.parametrize("gets", [1.0, 2.0])
def test_a_busy_process_gets_its_share(share: float, gets: float) -> None:
    assert run(share, gets, 20.0) == pytest.approx(min(share, gets), rel=0.05)


def test_a_process_on_a_machine_that_gives_it_less_than_its_share_never_stands_still() -> None:
    assert run(0.5, 0.4, 5.0) == pytest.approx(0.4)


def test_one_at_rest_is_looked_at_less_and_less_often() -> None:
    duty, now, looks = begin(0.25, 0.0, 0.0), 0.0, 0
    while now < 10.0:
        duty, now = look(duty, 0.0, now)
        looks += 1
        assert not duty.stopped
    assert looks < 10.0 / LONGEST + 10


@given(st.floats(0.01, 4), st.lists(st.floats(0, 0.5), max_size=40))
def test_standing_still_always_ends_and_is_never_longer_than_what_was_used_costs(
    share: float, slices: list[float]
) -> None:
    duty, now, used = begin(share, 0.0, 50.0), 50.0, 0.0
    for spent in slices:
        used += spent
        duty, until = look(duty, used, now)
        assert now < until <= now + max(LONGEST, spent / share + CREDIT / share)
        assert not duty.stopped or until - now <= spent / share + 1e-9
        now = until
        duty, until = look(duty, used, now)
        assert not duty.stopped
        assert until - now >= QUANTUM / 2
        now = until
