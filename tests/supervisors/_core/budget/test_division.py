"""A rate of CPU among those who run beside each other: by weight, and what one does not want is the others'."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisors._core.budget._division import (
    FLOOR,
    Claim,
    Divided,
    Pot,
    Use,
    are_equal,
    divide,
    fill,
    saw,
    wanted,
    weights,
)


@pytest.mark.parametrize(
    ("room", "wants", "filled"),
    [
        (1.0, [(1, inf), (1, inf)], [0.5, 0.5]),
        (1.0, [(3, inf), (1, inf)], [0.75, 0.25]),
        (1.0, [(1, 0.1), (1, inf)], [0.1, 0.9]),
        (1.0, [(1, 0.1), (1, 0.2)], [0.1, 0.2]),
        (1.0, [(1, inf), (1, 0.3), (2, inf)], [0.25, 0.25, 0.5]),
        (1.0, [(1, inf), (1, 0.1), (2, inf)], [0.3, 0.1, 0.6]),
        (inf, [(1, 0.1), (1, inf)], [0.1, inf]),
        (1.0, [], []),
    ],
)
def test_room_is_filled_by_weight_and_nobody_gets_more_than_it_wants(
    room: float, wants: list[tuple[float, float]], filled: list[float]
) -> None:
    assert fill(room, wants) == pytest.approx(filled)


def test_what_one_does_not_want_flows_to_the_others_and_what_nobody_wants_is_headroom() -> None:
    busy, idle = Claim("busy", 1, inf), Claim("idle", 1, 0.1)
    assert divide(Pot(0.5, 1, (busy, idle))) == pytest.approx({"busy": 0.4, "idle": 0.1})
    assert divide(Pot(0.5, 1, (idle, Claim("other", 3, 0.1)))) == pytest.approx({"idle": 0.175, "other": 0.325})


def test_an_account_below_is_one_among_its_siblings_and_keeps_its_own_cap() -> None:
    below = Pot(0.1, 1, (Claim("a", 1, inf), Claim("b", 1, inf)))
    shares = divide(Pot(0.6, 1, (below, Claim("c", 1, inf))))
    assert shares == pytest.approx({"a": 0.05, "b": 0.05, "c": 0.5})


def test_without_a_rate_nothing_is_held() -> None:
    assert divide(Pot(inf, 1, (Claim("a", 1, 0.1), Pot(0.2, 1, (Claim("b", 1, inf),))))) == {"a": inf, "b": 0.2}


def test_one_that_was_held_back_wants_all_it_can_get_and_another_a_little_more_than_it_used() -> None:
    use = saw(Use(0.2), 0.2, held_back=True)
    assert use.cores == pytest.approx(0.2)
    assert use.wants == inf
    use = saw(Use(0.2), 0.2, held_back=False)
    assert 0.2 < use.wants < 0.3


claims = st.builds(Claim, key=st.uuids(), weight=st.floats(0.1, 10), wants=st.one_of(st.floats(0, 8), st.just(inf)))
caps = st.one_of(st.floats(0.01, 8), st.just(inf))
pots = st.recursive(
    st.builds(Pot, cap=caps, weight=st.floats(0.1, 10), parts=st.lists(claims, max_size=4).map(tuple)),
    lambda below: st.builds(
        Pot, cap=caps, weight=st.floats(0.1, 10), parts=st.lists(st.one_of(claims, below), max_size=4).map(tuple)
    ),
    max_leaves=12,
)


def given_to(part: Claim | Pot, shares: Divided) -> float:
    if isinstance(part, Claim):
        return shares[part.key]
    return sum(given_to(each, shares) for each in part.parts)


def check(pot: Pot, shares: Divided, room: float) -> None:
    room = min(room, pot.cap)
    assert given_to(pot, shares) <= room * (1 + 1e-9)
    for part in pot.parts:
        assert given_to(part, shares) >= 0
        if isinstance(part, Pot):
            check(part, shares, room)


@given(pots)
def test_a_subtree_never_gets_more_than_it_or_anybody_above_may_use_and_nobody_less_than_nothing(pot: Pot) -> None:
    check(pot, divide(pot), inf)


@given(st.floats(0.01, 8), st.lists(claims, min_size=1, max_size=8))
def test_one_who_wants_its_fair_part_or_less_gets_all_it_wants(cap: float, wants: list[Claim]) -> None:
    shares = divide(Pot(cap, 1, tuple(wants)))
    weight = sum(claim.weight for claim in wants)
    for claim in wants:
        assert shares[claim.key] >= min(claim.wants, cap * claim.weight / weight) * (1 - 1e-9)
    if wanted(Pot(inf, 1, tuple(wants))) >= cap:
        assert sum(shares.values()) == pytest.approx(cap)


@given(st.lists(st.tuples(st.floats(0, 8), st.booleans()), max_size=20))
def test_when_one_uses_nothing_any_more_it_soon_wants_next_to_nothing(looks: list[tuple[float, bool]]) -> None:
    use = Use()
    for cores, held_back in looks:
        use = saw(use, cores, held_back=held_back)
        assert use.cores >= 0
    for _ in range(20):
        use = saw(use, 0.0, held_back=False)
    assert use.wants < 2 * FLOOR


def test_a_scheduler_is_told_parts_of_which_the_greatest_is_one() -> None:
    below = Pot(inf, 1, (Claim("a", 1, inf), Claim("b", 1, inf)))
    tree = Pot(inf, 1, (below, Claim("c", 1, inf)))
    assert weights(tree, 2.0) == pytest.approx({"a": 0.5, "b": 0.5, "c": 1.0})
    quiet = Pot(inf, 1, (Claim("a", 1, inf), Claim("b", 1, FLOOR)))
    parts = weights(Pot(inf, 1, (quiet, Claim("c", 1, inf))), 1.0)
    assert parts == pytest.approx({"a": 0.98, "b": 0.02, "c": 1.0})
    assert weights(Pot(), 1.0) == {}
    assert weights(Pot(inf, 1, (Claim("a", 1, 0.0),)), 0.0) == {"a": 1.0}


@pytest.mark.parametrize(
    ("parts", "equal"),
    [
        ({}, True),
        ({"a": 1.0}, True),
        ({"a": 1.0, "b": 0.995}, True),
        ({"a": 1.0, "b": 0.9}, False),
        ({"a": 0.2, "b": 0.2}, True),
    ],
)
def test_parts_that_hardly_differ_are_equal(parts: Divided, equal: bool) -> None:
    assert are_equal(parts) is equal
