"""The queue of a mailbox that sorts or forgets, against the obvious model of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmactors._core.lane import MARKS, Lane, UnrankedError


def urgency(item: int) -> int:
    """The tens of an item say how urgent it is."""
    return item // 10


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 39), st.booleans()),
        st.tuples(st.just("take")),
        st.tuples(st.just("wait"), st.integers(0, 4)),
        st.tuples(st.just("drop")),
        st.tuples(st.just("forget")),
    ),
    max_size=60,
)


@given(STEPS, st.sampled_from([None, 3.0]))
def test_it_is_a_list_sorted_by_priority_and_arrival(steps: list[Any], ttl: float | None) -> None:
    lane, now, serial = Lane(ttl), 0.0, 0
    model: list[tuple[int, int, float, int, bool]] = []  # urgency, arrival, time, item, lasting
    for step in steps:
        match step:
            case ("add", item, lasting):
                lane.add(item, now, lasting=lasting)
                serial += 1
                model.append((0 if lasting else -urgency(item), serial, now, item, lasting))
            case ("take",):
                lane.rank(urgency)
                if model:
                    model.sort()
                    assert lane.take() == model.pop(0)[3]
            case ("wait", seconds):
                now += seconds
                gone = [e for e in sorted(model, key=lambda e: e[1]) if ttl and now - e[2] > ttl and not e[4]]
                assert lane.expire(now) == [e[3] for e in gone]
                model = [e for e in model if e not in gone]
            case ("drop",):
                droppable = sorted((e for e in model if not e[4]), key=lambda e: e[1])
                assert lane.drop_oldest() == [e[3] for e in droppable[:1]]
                model = [e for e in model if e not in droppable[:1]]
            case _:
                lane.forget_lasting()
                model = [e for e in model if not e[4]]
        assert len(lane) == len(model)
    lane.rank(urgency)
    assert lane.clear() == [e[3] for e in sorted(model)]
    assert not lane


def test_what_was_taken_takes_no_room_for_long() -> None:
    lane = Lane()
    lane.add(0, 0.0)  # never taken: it is in front of the queue by arrival for ever
    for _ in range(10 * MARKS):
        lane.add(39, 0.0)
        lane.rank(urgency)
        assert lane.take() == 39
    assert len(lane._by_arrival) <= MARKS + 4
    for item in range(10 * MARKS):
        lane.add(0, float(item))
        lane.rank(urgency)
        lane.drop_oldest()
    assert len(lane._by_priority) <= MARKS + 4


def test_an_item_whose_priority_cannot_be_told_is_gone_and_the_rest_is_not() -> None:
    lane = Lane()
    for item in ("x", 12):
        lane.add(item, 0.0)
    with pytest.raises(UnrankedError) as unranked:
        lane.rank(urgency)
    assert unranked.value.item == "x"
    lane.rank(urgency)
    assert lane.clear() == [12]
