"""Under contention everybody gets its share; without, nobody waits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisors._core.budget._shares import PATIENCE, Shares


def always(name: str) -> bool:
    return bool(name)


def race(weights: dict[str, float], slices: dict[str, float], seconds: float) -> dict[str, float]:
    """Let all of them want all there is, round robin, for that long; return what each has used."""
    shares, now = Shares(always), 0.0
    used, held = dict.fromkeys(weights, 0.0), dict.fromkeys(weights, 0.0)
    for name, weight in weights.items():
        shares.join(name, weight)
    while now < seconds:
        ran = False
        for name in weights:
            if held[name] > now:
                continue
            until = shares.go_ahead(name, now)
            if until is not None:
                assert now < until <= now + PATIENCE
                held[name] = until
                continue
            now += slices[name]
            shares.used(name, slices[name])
            used[name] += slices[name]
            ran = True
        if not ran:
            now = min(held.values())
    return used


@pytest.mark.parametrize(
    ("weights", "slices"),
    [
        ({"a": 1, "b": 1}, {"a": 0.001, "b": 0.001}),
        ({"a": 1, "b": 1}, {"a": 0.010, "b": 0.0005}),
        ({"a": 2, "b": 1}, {"a": 0.001, "b": 0.001}),
        ({"a": 1, "b": 3, "c": 1}, {"a": 0.001, "b": 0.002, "c": 0.0005}),
    ],
)
def test_busy_siblings_get_what_their_weights_say_within_a_tenth(
    weights: dict[str, float], slices: dict[str, float]
) -> None:
    used = race(weights, slices, 5.0)
    whole, heavy = sum(used.values()), sum(weights.values())
    for name, weight in weights.items():
        assert used[name] / whole == pytest.approx(weight / heavy, rel=0.1)


def test_one_alone_never_waits() -> None:
    shares = Shares(always)
    shares.join("a", 1)
    shares.join("idle", 9)
    for turn in range(1_000):
        assert shares.go_ahead("a", turn * 0.001) is None
        shares.used("a", 0.001)


def test_rest_is_no_credit() -> None:
    shares = Shares(always)
    shares.join("a", 1)
    shares.join("b", 1)
    shares.go_ahead("a", 0.0)
    shares.used("a", 10.0)
    assert shares.go_ahead("b", 10.0) is None
    shares.used("b", 0.01)
    assert shares.go_ahead("a", 10.01) is None


def test_one_that_rests_again_holds_nobody_up() -> None:
    wanting = {"a", "b"}
    shares = Shares(wanting.__contains__)
    shares.join("a", 1)
    shares.join("b", 1)
    shares.go_ahead("a", 0.0)
    shares.go_ahead("b", 0.0)
    shares.used("a", 1.0)
    assert shares.go_ahead("a", 1.0) is not None
    wanting.remove("b")
    assert shares.go_ahead("a", 1.0) is None


def test_one_that_leaves_holds_nobody_up_and_its_late_use_is_nobody_s() -> None:
    shares = Shares(always)
    shares.join("a", 1)
    shares.join("b", 1)
    shares.go_ahead("a", 0.0)
    shares.go_ahead("b", 0.0)
    shares.used("a", 1.0)
    shares.leave("b")
    shares.used("b", 5.0)
    assert shares.go_ahead("a", 1.0) is None


def test_a_weight_can_be_changed_while_it_runs() -> None:
    shares = Shares(always)
    shares.join("a", 1)
    shares.join("a", 4)
    shares.used("a", 1.0)
    shares.join("b", 1)
    shares.go_ahead("b", 0.0)
    shares.used("b", 0.2499)
    assert shares.go_ahead("a", 0.0) is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["go", "rest", "use"])), max_size=80))
def test_whatever_happens_somebody_that_wants_may_go(steps: list[tuple[str, str]]) -> None:
    wanting = set[str]()
    shares = Shares(wanting.__contains__)
    for weight, name in enumerate("abc", 1):
        shares.join(name, weight)
    for name, step in steps:
        if step == "go":
            wanting.add(name)
            shares.go_ahead(name, 0.0)
        elif step == "rest":
            wanting.discard(name)
        else:
            shares.used(name, 0.01)
        if wanting:
            assert any(shares.go_ahead(each, 0.0) is None for each in sorted(wanting))


def test_a_weight_that_changes_while_it_waits_counts_at_once() -> None:
    shares = Shares(always)
    for name in "ab":
        shares.join(name, 1)
        assert shares.go_ahead(name, 0.0) is None
    shares.used("a", 0.04)
    waits = shares.go_ahead("a", 1.0)
    shares.join("b", 0.5)
    less = shares.go_ahead("a", 1.0)
    assert waits is not None
    assert less is not None
    assert 1.0 < less < waits


def test_one_that_wants_nothing_leaves_the_others_weights_alone() -> None:
    shares = Shares(always)
    for name in "abc":
        shares.join(name, 1)
    for name in "ab":
        assert shares.go_ahead(name, 0.0) is None
    shares.used("a", 0.04)
    waits = shares.go_ahead("a", 1.0)
    shares.leave("c")
    assert shares.go_ahead("a", 1.0) == waits


def test_the_weight_of_those_that_want_something_is_known() -> None:
    shares = Shares(always)
    for name, weight in {"a": 1.0, "b": 2.0, "c": 4.0}.items():
        shares.join(name, weight)
    assert shares.wanting == 0.0
    shares.go_ahead("a", 0.0)
    shares.go_ahead("b", 0.0)
    assert shares.wanting == 3.0
    shares.leave("b")
    assert shares.wanting == 1.0
