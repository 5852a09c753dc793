"""The cycle in which nobody can go on, against a definition of it that is slow and obvious."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmactors._core.waits import cycle

Graph = dict[str, tuple[str, ...] | None]


@pytest.mark.parametrize(
    ("graph", "way"),
    [
        pytest.param({"a": ("a",)}, ("a", "a"), id="itself"),
        pytest.param({"a": ("b",), "b": ("a",)}, ("a", "b", "a"), id="two"),
        pytest.param({"a": ("b",), "b": ("c",), "c": ("a",)}, ("a", "b", "c", "a"), id="three, in order"),
        pytest.param({"a": ("b",), "b": None}, None, id="one can go on"),
        pytest.param({"a": ("b", "c"), "b": ("a",), "c": None}, None, id="another hand waits for one that can"),
        pytest.param({"a": ("b",), "b": ("a", "c"), "c": ("a",)}, ("a", "b", "a"), id="all hands of all"),
        pytest.param({"a": ("b",), "b": ("a", "c"), "c": None}, None, id="a hand of the other may come free"),
        pytest.param({"a": None}, None, id="a free hand"),
    ],
)
def test_a_cycle_is_found_if_nobody_can_go_on(graph: Graph, way: tuple[str, ...] | None) -> None:
    assert cycle("a", graph.__getitem__) == way


@given(
    st.fixed_dictionaries(
        {
            name: st.one_of(st.none(), st.lists(st.sampled_from("abcd"), min_size=1, max_size=3).map(tuple))
            for name in "abcd"
        }
    )
)
def test_the_way_is_a_way_and_nobody_on_it_can_go_on(graph: Graph) -> None:
    reached, new = {"a"}, ["a"]
    while new:
        for target in graph[new.pop()] or ():
            if target not in reached:
                reached.add(target)
                new.append(target)
    stuck = all(graph[name] is not None for name in reached)
    back = any("a" in (graph[name] or ()) for name in reached)
    way = cycle("a", graph.__getitem__)
    assert (way is not None) == (stuck and back)
    for here, there in zip(way or (), (way or ())[1:], strict=False):
        assert there in (graph[here] or ())
