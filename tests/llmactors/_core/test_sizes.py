"""How large a value is: exact within the bounds, a sample beyond them, and never the user's code."""

import sys
from collections import deque
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmactors._core.sizes import Size, measure


def size_of(value: object, most: int = 100_000, **options: Any) -> Size:
    return measure([value], choose=Random(1).sample, most=most, **options)


class Slotted:
    __slots__ = ("_Slotted__hidden", "left", "unset")

    def __init__(self) -> None:
        self.left = ["a" * 1000]
        self._Slotted__hidden = "b" * 1000


class Both(Slotted):
    def __init__(self) -> None:
        super().__init__()
        self.more = {"key": bytearray(5000)}

    @property
    def dear(self) -> None:
        raise AssertionError("nobody is to run this")


class Lazy(dict[str, str]):
    def __iter__(self) -> Any:
        raise AssertionError("nobody is to run this")

    keys = values = items = __iter__


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=30,
)


def exactly(value: Any, seen: set[int]) -> int:
    if id(value) in seen:
        return 0
    seen.add(id(value))
    inner: list[Any] = []
    if isinstance(value, dict):
        inner = [*value.keys(), *value.values()]
    elif isinstance(value, (list, tuple)):
        inner = list(value)
    return sys.getsizeof(value) + sum(exactly(each, seen) for each in inner)


@given(PLAIN)
def test_within_the_bounds_every_object_is_measured_once(value: Any) -> None:
    assert size_of(value, width=1000) == Size(exactly(value, set()), len_of(value), complete=True)


def len_of(value: Any) -> int:
    seen: set[int] = set()
    exactly(value, seen)
    return len(seen)


def test_what_is_held_twice_counts_once() -> None:
    held = "x" * 10_000
    assert size_of([held, held, {"again": held}]).bytes < 12_000


def test_a_circle_ends() -> None:
    circle: list[Any] = []
    circle.append(circle)
    assert size_of(circle).objects == 1


def test_attributes_count_in_slots_and_in_dicts() -> None:
    assert size_of(Slotted()).bytes > 2000
    assert size_of(Both()).bytes > 7000


def test_no_code_of_the_value_runs() -> None:
    assert size_of([Both(), Lazy(a="c" * 1000)]).bytes > 8000


@pytest.mark.parametrize(
    "value", [int, len, sys, size_of, Slotted.__init__], ids=["class", "built in", "module", "function", "method"]
)
def test_what_is_not_the_value_s_own_does_not_count(value: object) -> None:
    assert size_of([value]).objects == 1


def test_foreign_classes_are_left_out() -> None:
    assert size_of([Slotted()], foreign=(Slotted,)).objects == 1


@pytest.mark.parametrize("make", [list, tuple, deque, set, frozenset])
def test_a_large_container_is_sampled_and_the_sample_multiplied(make: Any) -> None:
    value = make(f"{number:0100}" for number in range(10_000))
    whole = sys.getsizeof(value) + sum(map(sys.getsizeof, value))
    size = size_of(value)
    assert not size.complete
    assert size.objects < 100
    assert abs(size.bytes - whole) < 0.01 * whole  # all alike


def test_the_same_chance_gives_the_same_sample() -> None:
    value = {number: "x" * number for number in range(5_000)}
    assert size_of(value) == size_of(value)


def test_unequal_members_are_right_on_average() -> None:
    value = ["x" * (number % 1000) for number in range(20_000)]
    whole = sys.getsizeof(value) + sum(map(sys.getsizeof, value))
    samples = [measure([value], choose=Random(seed).sample, most=1000).bytes for seed in range(200)]
    assert abs(sum(samples) / len(samples) - whole) < 0.05 * whole


def test_after_so_many_objects_the_walk_ends_and_what_it_has_found_counts_by_itself() -> None:
    value = [[f"{number:100}"] for number in range(60)]
    size = size_of(value, most=30)
    assert (size.objects, size.complete) == (30, False)
    lists = sys.getsizeof(value) + sum(map(sys.getsizeof, value))
    assert lists < size.bytes < lists + 61 * sys.getsizeof("y" * 100)


def test_the_walk_ends_when_there_has_been_enough() -> None:
    left = iter([False, False, True])
    size = size_of([[1], [2], [3]], enough=lambda: next(left))
    assert (size.objects, size.complete) == (2, False)


def test_an_object_that_does_not_tell_its_size_counts_as_the_least_there_is() -> None:
    class Odd:
        def __sizeof__(self) -> int:
            raise RuntimeError

    assert size_of(Odd()).bytes >= object.__basicsize__


def test_an_array_counts_with_what_it_points_to() -> None:
    array = type("Array", (), {"__module__": "torch", "nbytes": 4096})()
    assert size_of(array).bytes >= 4096


def test_nothing_has_no_size() -> None:
    assert measure([], choose=Random(0).sample, most=1) == Size(0, 0, complete=True)
