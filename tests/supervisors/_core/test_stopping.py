"""The end of a family."""

import pytest
from families import CRASH, NORMAL, BrokenError, Nursery, lines, terms

from supervisors._core._events import Started, StartFailed
from supervisors._core._family import Completed, GaveUp, Phase, Rules, Stopped
from supervisors._values import AutoShutdown, Intensity, Restart, Strategy


def test_a57_children_stop_one_at_a_time_last_started_first() -> None:
    family = Nursery(children={name: terms() for name in "abc"}).open()
    family.drain()
    family.slow |= set("abc")
    family.stop()
    for name in "cba":
        assert family.drain() == [f"stop {name}"]
        family.finish(name)
    assert family.drain() == ["finished"]
    assert family.family.verdict == Stopped()


def test_a59_a_child_that_is_to_be_killed_is_not_asked() -> None:
    family = Nursery(children={"a": terms(kill=True), "b": terms()}).open()
    family.drain()
    family.stop()
    assert family.drain() == lines("stop b, kill a, finished")


def test_a62_a112_dynamic_children_are_stopped_all_at_once() -> None:
    family = Nursery(Rules(parallel=True), slow=set("abc")).open()
    for name in "abc":
        family.add(name)
        family.finish(name)
    family.drain()
    family.stop()
    assert family.drain() == lines("stop a, stop b, stop c")
    for name in "bca":
        family.finish(name)
    assert family.drain() == ["finished"]


def test_a63_a_child_that_ends_by_itself_during_the_stop_does_not_disturb_it() -> None:
    family = Nursery(children={name: terms() for name in "abc"}, slow=set()).open()
    family.drain()
    family.slow |= set("abc")
    family.stop()
    family.end("a", CRASH)
    family.end("c", NORMAL)
    family.finish("b")
    assert family.drain() == lines("stop c, stop b, finished")


@pytest.mark.parametrize(
    ("kill", "way", "expected"), [(False, CRASH, False), (False, NORMAL, True), (True, CRASH, True)]
)
def test_a64_an_end_that_the_stop_did_not_mean_is_reported_as_unexpected(
    kill: bool, way: object, expected: bool
) -> None:
    family = Nursery(children={"a": terms(kill=kill)}).open()
    family.slow.add("a")
    family.stop()
    family.end("a", way)  # type: ignore[arg-type]
    assert family.reports[-1].expected is expected


def test_a67_a_child_stopped_by_its_supervisor_is_not_restarted() -> None:
    family = Nursery(children={"a": terms(), "b": terms()}).open()
    family.drain()
    family.terminate("a")
    assert family.drain() == lines("stop a, discard a, answer stop a")
    assert family.states == {"a": "down", "b": "up"}


def test_a_second_stop_changes_nothing() -> None:
    family = Nursery(children={"a": terms()}).open()
    family.stop()
    family.drain()
    family.stop()
    assert family.drain() == []


def test_a_stop_while_the_family_gives_up_leaves_the_verdict() -> None:
    family = Nursery(Rules(intensity=Intensity(0)), {"a": terms(), "b": terms()}).open()
    family.slow.add("a")
    family.end("b")
    family.drain()
    family.stop()
    assert family.drain() == []
    family.finish("a")
    assert family.drain() == ["finished"]
    assert isinstance(family.family.verdict, GaveUp)


def test_a_stop_in_the_middle_of_a_group_restart_stops_what_is_left_in_order() -> None:
    family = Nursery(Rules(strategy=Strategy.ONE_FOR_ALL), {name: terms() for name in "abcd"}).open()
    family.slow |= set("abcd")
    family.end("b")
    family.stop()
    for name in "dca":
        family.finish(name)
    assert family.drain()[-4:] == lines("stop d, stop c, stop a, finished")


def test_who_waits_for_a_child_is_answered_when_the_family_closes() -> None:
    family = Nursery(children={"a": terms()}, slow={"b"}).open()
    family.add("b")
    family.terminate("b")
    family.add("c")
    family.drain()
    family.stop()
    assert family.drain() == lines("answer start b: StartCalledOffError, stop c")
    family.finish("b")
    assert family.drain() == lines("answer stop b, stop a, finished")


@pytest.mark.parametrize("ignored", [False, True])
def test_a_restart_that_fails_while_the_family_closes_is_no_more_than_an_end(ignored: bool) -> None:
    family = Nursery(children={"a": terms(), "b": terms()}).open()
    family.slow |= {"a", "b"}
    family.end("a")
    family.end("b")
    family.drain()
    family.stop()
    family.tell(StartFailed("a", BrokenError("a"), ignored=ignored))
    family.finish("b")
    assert family.drain() == lines("stop b, finished")


def test_a_start_that_was_called_off_by_the_stop_is_answered_once() -> None:
    family = Nursery(children={"a": terms(), "b": terms()}).open()
    family.terminate("a")
    family.slow |= {"a", "b"}
    family.restart("a")
    family.drain()
    family.stop()
    assert family.drain() == lines("answer start a: StartCalledOffError, stop b")
    family.finish("a")
    assert family.drain() == []
    family.finish("b")
    family.finish("a")
    assert family.drain() == lines("stop a, finished")


def test_what_is_said_of_a_child_in_another_state_changes_nothing() -> None:
    family = Nursery(children={"a": terms(), "b": terms()}).open()
    family.slow.add("a")
    family.terminate("a")
    family.drain()
    family.tell(Started("a"))
    family.tell(StartFailed("b", BrokenError("b")))
    assert family.drain() == []
    assert family.states == {"a": "stopping", "b": "up"}


def test_what_starts_or_fails_to_while_the_family_closes_only_ends() -> None:
    family = Nursery(Rules(parallel=True), slow={"a", "b"}).open()
    family.add("a")
    family.add("b")
    family.stop()
    family.slow.clear()
    family.finish("a")
    family.finish("b")
    assert family.family.phase is Phase.CLOSED


@pytest.mark.parametrize(
    ("mode", "restart", "significant", "way", "closes"),
    [
        (AutoShutdown.NEVER, Restart.TEMPORARY, True, CRASH, False),
        (AutoShutdown.ANY_SIGNIFICANT, Restart.TEMPORARY, True, CRASH, True),
        (AutoShutdown.ANY_SIGNIFICANT, Restart.TEMPORARY, True, NORMAL, True),
        (AutoShutdown.ANY_SIGNIFICANT, Restart.TEMPORARY, False, CRASH, False),
        (AutoShutdown.ANY_SIGNIFICANT, Restart.TRANSIENT, True, NORMAL, True),
        (AutoShutdown.ANY_SIGNIFICANT, Restart.TRANSIENT, True, CRASH, False),
        (AutoShutdown.ANY_SIGNIFICANT, Restart.TRANSIENT, False, NORMAL, False),
        (AutoShutdown.ALL_SIGNIFICANT, Restart.TRANSIENT, True, NORMAL, False),
        (AutoShutdown.ALL_SIGNIFICANT, Restart.TEMPORARY, True, CRASH, False),
    ],
)
def test_a89_a90_a_significant_end_closes_the_family_where_its_mode_says_so(
    mode: AutoShutdown, restart: Restart, significant: bool, way: object, closes: bool
) -> None:
    children = {
        "a": terms(restart, significant=significant),
        "b": terms(Restart.TRANSIENT, significant=True),
        "c": terms(),
    }
    family = Nursery(Rules(auto_shutdown=mode), children).open()
    family.drain()
    family.end("a", way)  # type: ignore[arg-type]
    assert (family.family.phase is Phase.CLOSED) is closes
    if closes:
        assert family.drain() == lines("discard a, stop c, stop b, finished")
        assert family.family.verdict == Completed()


def test_a91_all_significant_waits_for_the_last_of_them() -> None:
    kind = terms(Restart.TRANSIENT, significant=True)
    family = Nursery(Rules(auto_shutdown=AutoShutdown.ALL_SIGNIFICANT), {"a": kind, "b": kind, "c": terms()}).open()
    phases = []
    for name in "ba":
        family.end(name, NORMAL)
        phases.append(family.family.phase)
    assert phases == [Phase.OPEN, Phase.CLOSED]


def test_a92_a93_neither_a_termination_nor_a_sibling_s_restart_is_a_significant_end() -> None:
    kind = terms(Restart.TEMPORARY, significant=True)
    rules = Rules(strategy=Strategy.ONE_FOR_ALL, auto_shutdown=AutoShutdown.ANY_SIGNIFICANT)
    family = Nursery(rules, {"a": kind, "b": kind, "c": terms()}).open()
    family.terminate("a")
    family.end("c")
    assert family.states == {"c": "up"}
