"""Whether a child is ready, and whether it gets on (rows X3 and X4)."""

import pytest
from families import CRASH, NORMAL, Nursery, lines, terms

from supervisors._core._events import Looked, Probed, TimerFired
from supervisors._core._family import Phase, Rules, StartedNot
from supervisors._core._slots import Terms
from supervisors._values import Intensity, Restart, Strategy
from supervisors.errors import NotReadyError, StalledError

PROBED = terms(probed=True)
TIMED = terms(probed=True, ready_timeout=10.0)
STALLING = terms(stall_timeout=8.0)


def unready(*names: str, strategy: Strategy = Strategy.ONE_FOR_ONE, **children: Terms) -> Nursery:
    nursery = Nursery(Rules(strategy=strategy, intensity=Intensity(3, 5.0)), children)
    nursery.unready |= set(names)
    return nursery.open()


# -- ready ------------------------------------------------------------------------------------------------------------
def test_x3_a_child_is_up_when_it_says_that_it_is_ready_and_only_then_the_next_one_starts() -> None:
    family = unready("a", a=PROBED, b=terms())
    assert family.drain() == lines("start a, probe a")
    assert family.states == {"a": "starting", "b": "waiting"}
    family.answer("a", ready=True)
    assert family.drain() == lines("start b, ready")
    assert family.states == {"a": "up", "b": "up"}


def test_x3_one_that_is_not_ready_is_asked_again_in_a_while() -> None:
    family = unready("a", a=PROBED)
    for _ in range(3):
        family.drain()
        family.answer("a", ready=False)
        assert family.drain() == ["timer a 0.25"]
        family.wait(0.25)
        assert family.drain() == ["probe a"]
    family.answer("a", ready=True)
    assert family.drain() == ["ready"]
    assert not family.timers


def test_x3_one_that_is_not_ready_in_time_has_failed_to_start() -> None:
    family = unready("b", a=terms(), b=TIMED, c=terms())
    assert family.drain() == lines("start a, start b, probe b 10")
    family.wait(9.9)
    family.answer("b", ready=False)
    family.wait(0.1)
    assert family.drain() == lines("timer b 0.1, kill b: NotReadyError, stop a, finished")
    verdict = family.family.verdict
    assert isinstance(verdict, StartedNot)
    assert verdict.name == "b"


def test_x3_a_question_that_is_never_answered_ends_by_its_own_time() -> None:
    family = unready("a", a=TIMED)
    family.wait(10.0)
    family.drain()
    family.answer("a", ready=False)
    assert family.drain() == ["timer a 0"]
    family.wait(0.0)
    assert family.drain()[0] == "kill a: NotReadyError"


def test_x3_in_a_restart_a_start_that_is_not_ready_in_time_counts_and_is_tried_again() -> None:
    family = unready(a=TIMED)
    family.unready.add("a")
    family.end("a")
    family.drain()
    for failures in (2, 3):
        family.wait(10.0)
        family.answer("a", ready=False)
        family.wait(0.0)
        assert family.drain() == lines("timer a 0, kill a: NotReadyError, timer a 0, start a, probe a 10")
        assert len(family.family.history) == failures
    family.wait(10.0)
    family.answer("a", ready=False)
    family.wait(0.0)
    assert family.drain()[-2:] == lines("give up a, finished")


def test_x3_a_restarted_group_waits_for_each_to_be_ready() -> None:
    family = unready(strategy=Strategy.REST_FOR_ONE, a=terms(), b=PROBED, c=terms())
    family.unready.add("b")
    family.drain()
    family.end("b")
    assert family.drain() == lines("stop c, start b, probe b")
    family.answer("b", ready=True)
    assert family.drain() == ["start c"]


def test_x3_who_asked_for_the_start_is_answered_when_it_is_ready_or_not_in_time() -> None:
    family = unready("new", "late")
    family.drain()
    family.add("new", PROBED)
    assert family.drain() == lines("start new, probe new")
    family.answer("new", ready=True)
    assert family.drain() == ["answer start new"]
    family.add("late", TIMED)
    family.wait(10.0)
    family.answer("late", ready=False)
    family.wait(0.0)
    assert family.drain()[-2:] == lines("answer start late: Way, discard late")


@pytest.mark.parametrize("asked_again", [False, True], ids=["while asked", "between two questions"])
def test_x3_one_that_is_not_ready_yet_can_be_stopped_and_its_timer_goes_with_it(asked_again: bool) -> None:
    family = unready("a", a=PROBED)
    if asked_again:
        family.answer("a", ready=False)
    family.drain()
    family.stop()
    assert family.drain() == lines("cancel a, stop a, finished" if asked_again else "stop a, finished")
    assert not family.timers


@pytest.mark.parametrize("ready", [True, False])
def test_x3_the_answer_of_an_earlier_incarnation_changes_nothing(ready: bool) -> None:
    family = unready(a=PROBED)
    family.unready.add("a")
    family.end("a")
    family.drain()
    family.tell(Probed("a", 1, ready))
    assert (family.drain(), family.states) == ([], {"a": "starting"})
    family.answer("a", ready=True)
    family.tell(Probed("a", 2, ready))
    assert (family.drain(), family.states) == ([], {"a": "up"})


def test_x3_one_that_ends_before_it_is_ready_has_failed_to_start() -> None:
    family = unready("a", a=PROBED)
    family.answer("a", ready=False)
    family.drain()
    family.end("a", CRASH)
    assert family.drain() == lines("cancel a, finished")
    assert family.family.phase is Phase.CLOSED


# -- getting on -------------------------------------------------------------------------------------------------------
def at_work(its: Terms = STALLING) -> Nursery:
    nursery = Nursery(Rules(intensity=Intensity(3, 5.0)), {"a": its}).open()
    nursery.drain()
    nursery.work["a"] = (7, True)
    return nursery


def test_x4_a_child_that_has_work_and_gets_nothing_done_is_killed_and_restarted() -> None:
    family = at_work()
    family.wait(9.9)
    assert "kill a: StalledError" not in family.drain()
    family.wait(0.1)
    assert family.drain() == lines("kill a: StalledError, start a, timer a 2")
    assert [record.told for record in family.family.history] == ["killed"]


def test_x4_one_that_gets_something_done_lives_on() -> None:
    family = at_work()
    for done in range(50):
        family.work["a"] = (done, True)
        family.wait(7.9)
    assert set(family.drain()) == {"timer a 2"}


@pytest.mark.parametrize("why", ["no work", "paused"])
def test_x4_time_without_work_or_in_which_it_may_not_work_does_not_count(why: str) -> None:
    family = at_work()
    for _ in range(5):
        family.work["a"] = (7, True)
        family.wait(7.0)
        family.work["a"] = (7, False)
        family.wait(2.0)
    assert set(family.drain()) == {"timer a 2"}


def test_x4_the_time_begins_anew_with_each_incarnation() -> None:
    family = at_work()
    family.wait(7.0)
    family.end("a")
    assert family.drain()[-3:] == lines("cancel a, start a, timer a 2")
    family.wait(9.0)
    assert set(family.drain()) == {"timer a 2"}


@pytest.mark.parametrize("way", ["it ends", "it is terminated", "the family stops"])
def test_x4_nobody_looks_at_a_child_that_is_gone(way: str) -> None:
    family = at_work(terms(Restart.TRANSIENT, stall_timeout=8.0))
    match way:
        case "it ends":
            family.end("a", NORMAL)
        case "it is terminated":
            family.terminate("a")
        case _:
            family.stop()
    assert family.drain()[0] == "cancel a"
    assert not family.timers
    family.wait(100.0)
    assert family.drain() == []


def test_x4_a_look_at_an_earlier_incarnation_and_a_stale_timer_change_nothing() -> None:
    family = at_work()
    family.end("a")
    family.drain()
    family.tell(Looked("a", 1, 7, working=True))
    family.tell(TimerFired("a", 1))
    assert family.drain() == []


def test_x4_a_child_without_a_stall_time_is_not_looked_at() -> None:
    family = at_work(terms())
    assert not family.timers
    family.tell(Looked("a", 1, 7, working=True))
    assert family.drain() == []


def test_both_errors_say_what_to_do() -> None:
    assert "ready_timeout=" in str(NotReadyError("a", 3.0))
    assert "stall_timeout=" in str(StalledError("a", 3.0))
    for error in (NotReadyError("a", 3.0), StalledError("a", 3.0)):
        assert isinstance(error, TimeoutError)
        assert (error.child, error.within) == ("a", 3.0)
