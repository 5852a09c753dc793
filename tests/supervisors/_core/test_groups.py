"""Whose restart concerns whom, and in which order."""

import pytest
from families import CRASH, NORMAL, Nursery, lines, terms

from supervisors._core._family import Rules
from supervisors._values import Backoff, Intensity, Restart, Strategy

ONE, ALL, REST = Strategy.ONE_FOR_ONE, Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE


def four(strategy: Strategy, **kinds: Restart) -> Nursery:
    children = {name: terms(kinds.get(name, Restart.PERMANENT)) for name in "abcd"}
    nursery = Nursery(Rules(strategy=strategy, intensity=Intensity(5, 5.0)), children).open()
    nursery.drain()
    return nursery


@pytest.mark.parametrize(
    ("strategy", "orders"),
    [
        (ONE, "start b"),
        (ALL, "stop d, stop c, stop a, start a, start b, start c, start d"),
        (REST, "stop d, stop c, start b, start c, start d"),
    ],
)
def test_the_strategy_decides_who_is_restarted_with_a_child(strategy: Strategy, orders: str) -> None:
    nursery = four(strategy)
    nursery.end("b")
    assert nursery.drain() == lines(orders)
    assert list(nursery.states) == list("abcd")
    assert len(nursery.family.history) == 1


@pytest.mark.parametrize("strategy", [ALL, REST])
def test_one_is_stopped_at_a_time_and_one_started_at_a_time(strategy: Strategy) -> None:
    nursery = four(strategy)
    nursery.slow |= set("abcd")
    nursery.end("a")
    seen = []
    while nursery.pending:
        assert len(nursery.pending) == 1
        seen += nursery.drain()
        nursery.finish(next(iter(nursery.pending)))
    assert seen == lines("stop d, stop c, stop b, start a, start b, start c, start d")


@pytest.mark.parametrize("strategy", [ALL, REST])
def test_a29_a_temporary_sibling_is_stopped_with_the_group_and_forgotten(strategy: Strategy) -> None:
    nursery = four(strategy, c=Restart.TEMPORARY)
    nursery.end("a")
    assert nursery.drain() == lines("stop d, stop c, discard c, stop b, start a, start b, start d")
    assert list(nursery.states) == list("abd")


@pytest.mark.parametrize(("restart", "way"), [(Restart.TRANSIENT, NORMAL), (Restart.TEMPORARY, CRASH)])
@pytest.mark.parametrize("strategy", [ALL, REST])
def test_a30_an_end_without_a_restart_leaves_the_siblings_alone(
    strategy: Strategy, restart: Restart, way: object
) -> None:
    nursery = four(strategy, b=restart)
    nursery.end("b", way)  # type: ignore[arg-type]
    assert nursery.drain() == ["discard b"]
    assert nursery.family.history == []


@pytest.mark.parametrize("revive", [False, True])
def test_x8_a_group_restart_revives_who_is_at_rest_only_if_the_rules_say_so(revive: bool) -> None:
    children = {"a": terms(Restart.TRANSIENT), "b": terms(), "c": terms()}
    nursery = Nursery(Rules(strategy=ALL, revive=revive), children).open()
    nursery.end("a", NORMAL)
    nursery.terminate("b")
    nursery.drain()
    nursery.end("c")
    assert nursery.drain() == (lines("start a, start b, start c") if revive else ["start c"])


def test_a37_one_for_all_tries_the_whole_group_again_when_one_fails_to_start() -> None:
    nursery = four(ALL)
    nursery.broken["c"] = False
    nursery.end("a")
    first = "stop d, stop c, stop b, start a, start b, start c"
    assert nursery.drain() == lines(f"{first}, stop b, stop a, timer group 0")
    assert nursery.states == {"a": "waiting", "b": "waiting", "c": "backing off", "d": "waiting"}
    nursery.broken.clear()
    nursery.wait(0)
    assert nursery.drain() == lines("start a, start b, start c, start d")


def test_a38_rest_for_one_tries_only_the_failed_one_and_those_after_it_again() -> None:
    nursery = four(REST)
    nursery.broken["c"] = False
    nursery.end("b")
    assert nursery.drain() == lines("stop d, stop c, start b, start c, timer group 0")
    assert nursery.states == {"a": "up", "b": "up", "c": "backing off", "d": "waiting"}
    nursery.broken.clear()
    nursery.wait(0)
    assert nursery.drain() == lines("start c, start d")


def test_an_end_within_a_group_that_is_being_stopped_is_not_counted_again() -> None:
    nursery = four(ALL)
    nursery.slow.add("d")
    nursery.end("a")
    nursery.end("b")
    assert len(nursery.family.history) == 1
    nursery.slow.clear()
    nursery.finish("d")
    assert nursery.drain() == lines("stop d, stop c, start a, start b, start c, start d")


def test_a_child_that_finishes_while_its_group_is_being_stopped_has_finished() -> None:
    nursery = four(ALL, b=Restart.TRANSIENT)
    nursery.slow.add("d")
    nursery.end("a")
    nursery.end("b", NORMAL)
    nursery.slow.clear()
    nursery.finish("d")
    assert nursery.drain() == lines("stop d, discard b, stop c, start a, start c, start d")


def test_an_end_before_the_range_widens_it_and_is_counted() -> None:
    nursery = four(REST)
    nursery.slow.add("d")
    nursery.end("c")
    nursery.end("a")
    nursery.slow.clear()
    nursery.finish("d")
    assert nursery.drain() == lines("stop d, stop b, start a, start b, start c, start d")
    assert len(nursery.family.history) == 2


def test_a_restarted_child_that_ends_while_its_group_still_starts_begins_the_group_anew() -> None:
    nursery = four(ALL)
    nursery.slow.add("b")
    nursery.end("d")
    nursery.slow.clear()
    nursery.slow.add("c")
    nursery.finish("b")  # its stop
    nursery.drain()
    nursery.end("a")
    nursery.slow.clear()
    nursery.finish("c")
    assert nursery.drain() == lines("stop c, stop b, start a, start b, start c, start d")


def test_x1_the_group_waits_for_the_failed_child_s_backoff_between_stop_and_start() -> None:
    children = {"a": terms(), "b": terms(backoff=Backoff(2.0, 8.0, jitter=0)), "c": terms()}
    nursery = Nursery(Rules(strategy=ALL), children).open()
    nursery.drain()
    nursery.end("b")
    assert nursery.drain() == lines("stop c, stop a, timer group 2")
    nursery.wait(1.9)
    assert nursery.drain() == []
    nursery.wait(0.1)
    assert nursery.drain() == lines("start a, start b, start c")


def test_an_end_while_the_group_waits_begins_it_anew() -> None:
    children = {"a": terms(), "b": terms(backoff=Backoff(2.0, 8.0, jitter=0)), "c": terms()}
    nursery = Nursery(Rules(strategy=REST), children).open()
    nursery.end("b")
    nursery.drain()
    nursery.end("a")
    assert nursery.drain() == lines("cancel group, start a, start b, start c")


def test_the_longer_delay_counts_when_a_second_failure_widens_a_group() -> None:
    children = {"a": terms(), "b": terms(backoff=Backoff(0.5, 8.0, jitter=0)), "c": terms()}
    nursery = Nursery(Rules(strategy=REST), children, slow={"c"})
    nursery.slow.clear()
    nursery.open()
    nursery.slow.add("c")
    nursery.end("b")
    nursery.end("a")
    nursery.slow.clear()
    nursery.finish("c")
    assert nursery.drain()[-1] == "timer group 0.5"


def test_revive_reaches_as_far_as_the_group() -> None:
    kinds = {name: terms(Restart.TRANSIENT) for name in "acd"}
    children = {"a": kinds["a"], "b": terms(), "c": kinds["c"], "d": kinds["d"]}
    nursery = Nursery(Rules(strategy=REST, revive=True), children).open()
    for name in "ac":
        nursery.end(name, NORMAL)
    nursery.drain()
    nursery.end("b")
    assert nursery.drain() == lines("stop d, start b, start c, start d")
    assert nursery.states["a"] == "done"


def test_a_child_added_while_a_group_restarts_starts_in_its_turn() -> None:
    nursery = four(REST)
    nursery.slow.add("d")
    nursery.end("b")
    nursery.add("e")
    nursery.slow.clear()
    nursery.finish("d")
    assert nursery.drain() == lines("stop d, stop c, start b, start c, start d, start e, answer start e")


def test_a_child_added_while_a_group_starts_comes_last() -> None:
    nursery = four(REST)
    nursery.end("d")
    nursery.slow.add("d")
    nursery.end("d")
    nursery.drain()
    nursery.add("e")
    assert nursery.drain() == []
    nursery.slow.clear()
    nursery.finish("d")
    assert nursery.drain() == lines("start e, answer start e")


def test_a_child_before_the_range_starts_when_asked_though_a_group_is_being_stopped() -> None:
    nursery = four(REST)
    nursery.terminate("a")
    nursery.slow.add("d")
    nursery.end("c")
    nursery.drain()
    nursery.restart("a")
    assert nursery.drain() == lines("start a, answer start a")


def test_a_child_terminated_while_its_group_restarts_stays_down_and_the_group_goes_on() -> None:
    nursery = four(ALL)
    nursery.slow.add("d")
    nursery.end("a")
    nursery.terminate("d")
    nursery.terminate("a")
    nursery.slow.clear()
    nursery.finish("d")
    expected = "stop d, discard a, answer stop a, discard d, answer stop d, stop c, stop b, start b, start c"
    assert nursery.drain() == lines(expected)
    assert nursery.states == {"a": "down", "b": "up", "c": "up", "d": "down"}
