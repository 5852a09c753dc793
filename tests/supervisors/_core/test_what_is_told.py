"""What orders carry: which child, and why. And what only time, or another order of events, tells apart."""

from typing import Any

import pytest
from families import CRASH, KILLED, BrokenError, Nursery, lines, terms

from supervisors._core._administration import refusal
from supervisors._core._change import changed
from supervisors._core._effects import AnswerStart, Effect, Fact, GiveUp
from supervisors._core._events import ChildAdded, DeleteAsked, RestartAsked, StartFailed, TerminateAsked, TimerFired
from supervisors._core._family import Raising, Rules, StartedNot
from supervisors._values import Backoff, Intensity, Restart, Strategy
from supervisors.errors import StartCalledOffError, SupervisorStoppingError

REST = Strategy.REST_FOR_ONE
SLOWLY = Backoff(2.0, 8.0, jitter=0)


class Told(Nursery):
    """A nursery that keeps its orders."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.orders: list[Effect] = []

    def _order(self, effect: Effect) -> None:
        self.orders.append(effect)
        super()._order(effect)

    def told(self, kind: type) -> Any:
        """Return the one order of that kind."""
        (order,) = [order for order in self.orders if isinstance(order, kind)]
        return order


def some(*names: str, **options: Any) -> Told:
    nursery = Told(Rules(**options), {name: terms() for name in names})
    nursery.open()
    nursery.drain()
    return nursery


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (ChildAdded("up", terms()), "up"),
        (ChildAdded("down", terms()), "down"),
        (RestartAsked("up"), "up"),
        (RestartAsked("waits"), "waits"),
        (DeleteAsked("nobody"), "nobody"),
        (TerminateAsked("nobody"), "nobody"),
    ],
)
def test_a_refusal_names_the_child(request_: Any, told: str) -> None:
    nursery = Told(Rules(), {"up": terms(), "down": terms(), "waits": terms(backoff=SLOWLY)})
    nursery.open()
    nursery.terminate("down")
    nursery.end("waits")
    error: Any = refusal(nursery.family, request_)
    assert error.child == told


def test_a_family_that_closes_says_which_call_it_refuses() -> None:
    nursery = some("a")
    nursery.slow.add("a")
    nursery.stop()
    error = refusal(nursery.family, RestartAsked("a"))
    assert isinstance(error, SupervisorStoppingError)
    assert "RestartAsked" in str(error)


def test_a_refused_addition_names_the_limit() -> None:
    error: Any = refusal(some("a", limit=1).family, ChildAdded("b", terms()))
    assert "1" in str(error)


def test_a_child_in_its_first_start_runs_and_is_not_being_restarted() -> None:
    nursery = Told(Rules(), {"a": terms()}, slow={"a"})
    nursery.open()
    assert type(refusal(nursery.family, RestartAsked("a"))).__name__ == "ChildRunningError"


def called_off(nursery: Told) -> str:
    answer = nursery.told(AnswerStart)
    assert isinstance(answer.why, StartCalledOffError)
    return answer.why.child


def test_who_asked_for_a_start_learns_that_a_termination_called_it_off() -> None:
    nursery = some("a")
    nursery.slow.add("b")
    nursery.add("b")
    nursery.terminate("b")
    nursery.finish("b")
    assert called_off(nursery) == "b"


def test_who_asked_for_a_start_that_waits_for_a_group_learns_that_a_termination_called_it_off() -> None:
    nursery = some("a", "b", strategy=REST)
    nursery.slow.add("b")
    nursery.end("a")
    nursery.add("c")
    nursery.terminate("c")
    assert called_off(nursery) == "c"


def test_who_asked_for_a_start_learns_that_the_end_of_all_called_it_off() -> None:
    nursery = some("a")
    nursery.slow.add("b")
    nursery.add("b")
    nursery.stop()
    assert called_off(nursery) == "b"


def test_who_asked_for_a_start_learns_that_it_was_ignored() -> None:
    nursery = some("a")
    nursery.broken["b"] = True
    nursery.add("b")
    assert nursery.told(AnswerStart).ignored is True


def test_a_report_of_an_end_says_how() -> None:
    nursery = some("a", "b")
    nursery.end("a", KILLED)
    nursery.terminate("b")
    told = [(report.name, report.why.name) for report in nursery.reports if report.fact is Fact.ENDED]  # type: ignore[union-attr]
    assert told == [("a", "killed"), ("b", "shutdown")]


def test_a_report_of_a_failed_start_says_why() -> None:
    nursery = some("a")
    nursery.broken["b"] = False
    nursery.add("b")
    (report,) = [report for report in nursery.reports if report.fact is Fact.START_FAILED]
    assert isinstance(report.why, BrokenError)
    assert not report.expected


def test_a_start_that_fails_while_it_is_stopped_is_told_and_not_expected() -> None:
    nursery = some("a")
    nursery.slow.add("a")
    nursery.end("a")
    nursery.terminate("a")
    error = BrokenError("a")
    nursery.tell(StartFailed("a", error))
    report = nursery.reports[-1]
    assert (report.fact, report.why, report.expected) == (Fact.ENDED, error, False)


def test_giving_up_says_why() -> None:
    nursery = some("a", intensity=Intensity(0, 5.0))
    nursery.end("a", KILLED)
    assert nursery.told(GiveUp).why is KILLED


def test_a_family_that_does_not_open_says_why() -> None:
    nursery = Told(Rules(), {"a": terms()}, broken={"a": False})
    nursery.open()
    verdict = nursery.family.verdict
    assert isinstance(verdict, StartedNot)
    assert isinstance(verdict.why, BrokenError)


def test_an_old_timer_of_a_child_that_waits_anew_is_stale() -> None:
    nursery = Told(Rules(), {"a": terms(backoff=SLOWLY)})
    nursery.open()
    nursery.end("a")
    _, old = nursery.timers["a"]
    nursery.terminate("a")
    nursery.restart("a")
    nursery.end("a")
    nursery.drain()
    nursery.tell(TimerFired("a", old))
    assert nursery.drain() == []


def test_after_a_group_s_backoff_those_at_rest_come_back_only_within_its_range() -> None:
    children = {"a": terms(), "b": terms(backoff=SLOWLY), "c": terms()}
    nursery = Told(Rules(strategy=REST, revive=True), children)
    nursery.open()
    nursery.terminate("a")
    nursery.terminate("c")
    nursery.end("b")
    nursery.drain()
    nursery.wait(2.0)
    assert nursery.drain() == lines("start b, start c")


def test_the_first_of_a_group_that_is_stopped_waits_for_the_group_when_it_is_asked_to_start() -> None:
    nursery = some("a", "b", "c", strategy=REST)
    nursery.slow.add("c")
    nursery.end("b")
    nursery.terminate("b")
    nursery.drain()
    nursery.restart("b")
    assert nursery.drain() == []
    nursery.slow.clear()
    nursery.finish("c")
    assert nursery.drain() == lines("start b, answer start b, start c")


def test_who_waits_for_the_end_of_a_dynamic_child_is_answered_though_all_are_stopped_meanwhile() -> None:
    nursery = some(parallel=True)
    nursery.add("a")
    nursery.slow.add("a")
    nursery.terminate("a")
    nursery.stop()
    nursery.drain()
    nursery.finish("a")
    assert nursery.drain() == lines("answer stop a, finished")


def test_a_start_that_takes_long_does_not_make_its_restart_old() -> None:
    nursery = some("a", intensity=Intensity(1, 5.0))
    nursery.slow.add("a")
    nursery.end("a")
    nursery.wait(10.0)
    nursery.tell(StartFailed("a", BrokenError("a")))
    assert "give up a" in nursery.drain()


def test_a_restart_is_as_old_as_its_child_has_been_up_whenever_that_began() -> None:
    nursery = some("a", intensity=Intensity(1, 5.0))
    nursery.wait(100.0)
    nursery.end("a")
    nursery.wait(4.9)
    nursery.end("a")
    assert "give up a" in nursery.drain()


def test_the_restart_of_a_child_that_is_forgotten_grows_old_by_the_clock() -> None:
    nursery = some(parallel=True, intensity=Intensity(1, 5.0))
    for name in ("a", "b"):
        nursery.add(name, terms(kept=False))
    nursery.wait(100.0)
    nursery.end("a", CRASH)
    nursery.terminate("a")
    nursery.wait(1.0)
    nursery.end("b", CRASH)
    assert "give up b" in nursery.drain()


def test_a_temporary_sibling_is_forgotten_with_its_group_s_stop_whatever_its_terms_keep() -> None:
    nursery = Told(Rules(strategy=REST), {"a": terms(), "b": terms(Restart.TEMPORARY, kept=True)})
    nursery.open()
    nursery.end("a")
    assert list(nursery.states) == ["a"]


def test_a_value_has_no_field_of_another_name() -> None:
    with pytest.raises(AttributeError, match="Raising has no field colour, size"):
        changed(Raising(("a",)), size=1, colour="red")


def test_where_groups_revive_the_failed_child_comes_back_with_its_group_although_it_was_terminated_meanwhile() -> None:
    children = {"a": terms(), "b": terms(backoff=SLOWLY), "c": terms()}
    nursery = Told(Rules(strategy=REST, revive=True), children)
    nursery.open()
    nursery.end("b")
    nursery.terminate("b")
    nursery.drain()
    nursery.wait(2.0)
    assert nursery.drain() == lines("start b, start c")
