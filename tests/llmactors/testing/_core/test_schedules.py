from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmactors.testing._core.schedules import PCT, Picker, RandomWalk

RUNS = 2_000


def play(picker: Picker, steps: dict[str, int]) -> str:
    """Let each actor take so many steps; return who took each."""
    left, order = dict(steps), ""
    while any(left.values()):
        able = [actor for actor, count in left.items() if count]
        actor = able[picker.pick(able)]
        left[actor] -= 1
        order += actor
    return order


def share(bug: str, steps: dict[str, int], depth: int) -> float:
    """Return how many of the runs of PCT show *bug* somewhere in their order."""
    count = sum(steps.values())
    return sum(bug in play(PCT(Random(seed), depth, count), steps) for seed in range(RUNS)) / RUNS


@pytest.mark.parametrize(
    ("bug", "steps", "depth"),
    [
        ("ab", {"a": 1, "b": 1}, 1),
        ("ab", {"a": 1, "b": 1, "c": 1, "d": 1}, 2),
        ("abbbbba", {"a": 5, "b": 5}, 2),  # all of `b` between two steps of `a`
        ("abbbbba", {"a": 5, "b": 5, "c": 5}, 2),
        ("abbbcb", {"a": 3, "b": 4, "c": 1}, 3),
    ],
)
def test_pct_finds_a_bug_of_depth_d_with_the_chance_that_it_promises(
    bug: str, steps: dict[str, int], depth: int
) -> None:
    promised = 1 / (len(steps) * sum(steps.values()) ** (depth - 1))
    assert share(bug, steps, depth) >= 0.9 * promised, f"{RUNS} runs may be a little unlucky"


def test_pct_holds_one_back_for_long_where_a_random_walk_hardly_ever_does() -> None:
    steps, bug = {"a": 2, "b": 20}, "a" + 20 * "b" + "a"
    walks = sum(bug in play(RandomWalk(Random(seed)), steps) for seed in range(RUNS))
    assert walks == 0
    assert share(bug, steps, 2) > 1 / (2 * 22)


def test_a_random_walk_takes_each_option_with_the_same_chance() -> None:
    walk = RandomWalk(Random(0))
    counts = Counter(walk.pick("abc") for _ in range(3_000))
    assert sorted(counts) == [0, 1, 2]
    assert min(counts.values()) > 900


def test_with_depth_one_pct_lets_one_go_on_until_it_is_done() -> None:
    orders = {play(PCT(Random(seed), 1, 6), {"a": 3, "b": 3}) for seed in range(20)}
    assert orders == {"aaabbb", "bbbaaa"}


def test_of_several_options_of_one_actor_pct_takes_the_plain_one() -> None:
    picker = PCT(Random(0), 1, 10)
    assert picker.pick(["a", "a", "a"]) == 0


@pytest.mark.parametrize(("depth", "steps"), [(0, 10), (2, 0), (-1, 1)])
def test_a_depth_or_a_length_below_one_is_refused(depth: int, steps: int) -> None:
    with pytest.raises(ValueError, match="each is 1 or more"):
        PCT(Random(0), depth, steps)


@given(st.integers(), st.integers(1, 5), st.integers(1, 8), st.lists(st.sampled_from("abcd"), min_size=1, max_size=6))
def test_every_pick_is_one_of_the_options_and_the_same_again(
    seed: int, depth: int, steps: int, actors: list[str]
) -> None:
    def picks() -> list[list[int]]:
        return [[picker.pick(actors) for _ in range(10)] for picker in _pickers(seed, depth, steps)]

    assert picks() == picks()
    assert all(0 <= pick < len(actors) for each in picks() for pick in each)


def _pickers(seed: int, depth: int, steps: int) -> list[Picker]:
    return [RandomWalk(Random(seed)), PCT(Random(seed), depth, steps)]
