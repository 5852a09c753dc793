"""The wheel of deadlines."""

from dataclasses import dataclass
from math import inf, nan

from hypothesis import given
from hypothesis import strategies as st

from llmactors._core.deadlines import TICK, Wheel


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
