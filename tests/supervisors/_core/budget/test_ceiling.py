"""How near a ceiling somebody is, with a gap between coming and going."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisors._budget import Height
from supervisors._core.budget._ceiling import Ceil, Heights, Holding, Level, judge, review

HUNDRED = Height(soft=80, hard=100)


@pytest.mark.parametrize(
    ("level", "used", "then"),
    [
        (Level.CALM, 79, Level.CALM),
        (Level.CALM, 80, Level.PRESSED),
        (Level.CALM, 100, Level.OVER),
        (Level.PRESSED, 75, Level.PRESSED),
        (Level.PRESSED, 72, Level.PRESSED),
        (Level.PRESSED, 71, Level.CALM),
        (Level.PRESSED, 100, Level.OVER),
        (Level.OVER, 100, Level.OVER),
        (Level.OVER, 99, Level.PRESSED),
        (Level.OVER, 75, Level.PRESSED),
        (Level.OVER, 10, Level.CALM),
    ],
)
def test_pressure_comes_at_the_soft_level_and_goes_well_below_it(level: Level, used: float, then: Level) -> None:
    assert judge(HUNDRED, level, used) is then


# -- subtrees --------------------------------------------------------------------------------------------------------
ROOT, CHILD = "/", "/c"


def holding(key: str, amount: float, *accounts: str) -> Holding:
    return Holding(key, accounts or (CHILD, ROOT), {"memory": amount})


def ceil(account: str, hard: float, depth: int) -> Ceil:
    return Ceil(account, "memory", Height(soft=hard * 0.8, hard=hard), depth)


def test_what_counts_is_the_sum_of_a_subtree_and_the_one_who_holds_most_is_hit() -> None:
    heights, gone = review(Heights(), [ceil(ROOT, 100, 1)], [holding("a", 30), holding("b", 60), holding("c", 20)])
    assert [(hit.key, hit.held) for hit in gone] == [("b", 110)]
    assert heights.levels[ROOT, "memory"] is Level.PRESSED


def test_the_next_is_hit_only_if_one_was_not_enough() -> None:
    _, gone = review(Heights(), [ceil(ROOT, 50, 1)], [holding("a", 60), holding("b", 60), holding("c", 10)])
    assert [hit.key for hit in gone] == ["a", "b"]


def test_who_is_over_the_ceiling_of_its_own_account_is_hit_for_that_one_and_counts_no_more_above() -> None:
    ceils = [ceil(ROOT, 100, 1), ceil(CHILD, 40, 2)]
    _, gone = review(Heights(), ceils, [holding("a", 50), holding("big", 60, ROOT)])
    assert [(hit.key, hit.ceil.account) for hit in gone] == [("a", CHILD)]


def test_what_is_not_known_counts_nothing() -> None:
    heights, gone = review(Heights(), [ceil(ROOT, 100, 1)], [Holding("a", (ROOT,), {"storage": 1_000})])
    assert (heights.held[ROOT, "memory"], gone) == (0, ())


amounts = st.floats(0, 200)
trees = st.lists(st.tuples(st.sampled_from([(ROOT,), (CHILD, ROOT), ("/c/d", CHILD, ROOT)]), amounts), max_size=8)
hards = st.dictionaries(st.sampled_from([ROOT, CHILD, "/c/d"]), st.floats(1, 300))
DEPTH = {ROOT: 1, CHILD: 2, "/c/d": 3}


@given(hards, st.lists(trees, max_size=5))
def test_after_a_review_no_subtree_holds_as_much_as_its_ceiling_and_pressure_ends_when_nothing_is_held(
    hard: dict[str, float], looks: list[list[tuple[tuple[str, ...], float]]]
) -> None:
    ceils = [ceil(account, height, DEPTH[account]) for account, height in hard.items()]
    heights = Heights()
    for look in looks:
        holdings = [Holding(number, accounts, {"memory": amount}) for number, (accounts, amount) in enumerate(look)]
        heights, gone = review(heights, ceils, holdings)
        hit = [reclaim.key for reclaim in gone]
        assert len(hit) == len(set(hit))
        for each in ceils:
            left = sum(h.amounts["memory"] for h in holdings if each.account in h.accounts and h.key not in hit)
            assert left < each.height.hard
            assert heights.held[each.account, "memory"] >= 0
            assert heights.levels[each.account, "memory"] is not Level.OVER
    heights, gone = review(heights, ceils, [])
    assert (heights.pressed, gone) == (frozenset(), ())
