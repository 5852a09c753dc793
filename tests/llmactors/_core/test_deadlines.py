"""The wheel of deadlines."""

import itertools
from dataclasses import dataclass
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmactors._core.deadlines import SWEPT, TICK, Wheel, check_time, time_of


@dataclass
class Entry:
    deadline: float
    waits: bool = True

    def pending(self) -> bool:
        return self.waits

    def expired(self) -> None:
        self.waits = False


def turn(wheel: Wheel, now: float) -> list[float]:
    due = wheel.expire(now)
    for entry in due:
        entry.expired()
    return [entry.deadline for entry in due]


TIMES = st.floats(0, 1e6)


@given(st.lists(TIMES), st.lists(TIMES))
def test_a_deadline_is_found_never_early_and_at_most_one_tick_late(deadlines: list[float], looks: list[float]) -> None:
    wheel = Wheel()
    entries = [Entry(deadline) for deadline in deadlines]
    wheel.young.extend(entries)
    for now in sorted(looks):
        assert all(deadline <= now for deadline in turn(wheel, now))
        assert not [entry for entry in entries if entry.waits and entry.deadline < now - TICK * (1 + 1e-6)]


@given(st.lists(TIMES, min_size=1))
def test_each_deadline_is_found_once(deadlines: list[float]) -> None:
    wheel = Wheel()
    wheel.young.extend(Entry(deadline) for deadline in deadlines)
    found = turn(wheel, max(deadlines) + 1)
    assert sorted(found) == sorted(deadlines)
    assert turn(wheel, max(deadlines) + 2) == []
    assert not wheel


def test_what_is_answered_in_time_is_forgotten() -> None:
    wheel = Wheel()
    wheel.young.extend([Entry(1.0, waits=False)])
    wheel.expire(0.5)
    assert not wheel


def test_what_is_answered_after_it_was_filed_is_not_found() -> None:
    wheel = Wheel()
    entry = Entry(1.0)
    wheel.young.append(entry)
    wheel.expire(0.5)
    entry.waits = False
    assert wheel.expire(2.0) == []


def test_a_deadline_that_never_comes_is_never_found() -> None:
    wheel = Wheel()
    wheel.young.extend([Entry(inf), Entry(nan), Entry(1.0)])
    assert turn(wheel, 1e9) == [1.0]
    assert not wheel


def test_after_a_long_time_without_a_look_everything_due_is_found_earliest_first() -> None:
    wheel = Wheel()
    wheel.young.extend(Entry(deadline) for deadline in (9.0, 1.0, 5.0))
    wheel.expire(0.0)
    assert turn(wheel, 1e6) == [1.0, 5.0, 9.0]


@given(st.lists(st.tuples(st.floats(1, 1e6), st.booleans())))
def test_what_is_answered_after_it_was_filed_is_swept_out_long_before_its_deadline(
    entries: list[tuple[float, bool]],
) -> None:
    wheel = Wheel()
    filed = [Entry(deadline) for deadline, _ in entries]
    wheel.young.extend(filed)
    wheel.expire(0.0)
    for entry, (_, waits) in zip(filed, entries, strict=True):
        entry.waits = waits
    for _ in range(3):
        assert wheel.expire(0.5) == []
    assert sum(map(len, wheel._buckets.values())) == sum(waits for _, waits in entries)
    assert sorted(turn(wheel, 2e6)) == sorted(deadline for deadline, waits in entries if waits)
    assert not wheel


def test_a_great_many_are_swept_out_a_share_at_a_time() -> None:
    wheel = Wheel()
    entries = [Entry(86_400.0) for _ in range(10 * SWEPT)]
    wheel.young.extend(entries)
    wheel.expire(0.0)
    for entry in entries[::2]:
        entry.waits = False
    sizes = []
    for _ in range(30):
        wheel.expire(1.0)
        sizes.append(sum(map(len, wheel._buckets.values())))
    assert all(before - after <= SWEPT for before, after in itertools.pairwise(sizes))
    assert sizes[-1] == 5 * SWEPT
    assert len(turn(wheel, 86_401.0)) == 5 * SWEPT
    assert not wheel


def test_a_deadline_that_has_moved_is_found_at_its_new_time() -> None:
    wheel = Wheel()
    entry = Entry(1.0)
    wheel.young.append(entry)
    wheel.expire(0.5)
    entry.deadline = 3.0
    assert turn(wheel, 2.0) == []
    assert wheel
    assert turn(wheel, 4.0) == [3.0]
    assert not wheel


def test_at_the_earliest_time_something_expires_whatever_the_digits_say() -> None:
    for tick in range(1, 5_000):
        assert int(time_of(tick) / TICK) == tick


def test_a_deadline_before_all_times_is_due_and_keeps_no_other_from_its_time() -> None:
    wheel = Wheel()
    wheel.young += [Entry(-inf), Entry(1.0)]
    assert turn(wheel, 0.5) == [-inf]
    assert turn(wheel, 0.5 + TICK) == []
    assert turn(wheel, 1.0 + TICK) == [1.0]


@pytest.mark.parametrize("seconds", [0, -1, 0.5, inf, True, 1e300])
def test_a_time_is_a_number_of_seconds_which_may_be_over(seconds: float) -> None:
    check_time("timeout", seconds)


@pytest.mark.parametrize("seconds", [nan, -inf, "5", None, 10**400, [1]])
def test_what_no_time_can_be_compared_with_is_none(seconds: object) -> None:
    with pytest.raises(ValueError, match=r"^timeout=.*: a time is a number of seconds$"):
        check_time("timeout", seconds)
