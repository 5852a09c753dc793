"""What a failed run says: on one screen, in words, without losing what matters."""

from typing import Any

import pytest
from histories import History, judged
from stories import answered_twice, long_day

from llmactors.testing._core.choices import Choice
from llmactors.testing._core.judge import Broken, Judge
from llmactors.testing._core.laws.promises import EveryAskResolvesOnce
from llmactors.testing._report import HEIGHT, WIDTH, Failure, report
from llmactors.testing._values import Healed, Noted

ORDER = Choice("next /pool Pool.job #2", "/pool/worker-2 Worker.run #1")


def broken(history: History) -> Broken:
    judge = Judge([EveryAskResolvesOnce()])
    for event in history.events:
        judge.saw(event)
    judge.over()
    return judge.broken[0]


def failure(history: History, **facts: Any) -> Failure:
    told = {"test": "test_no_job_is_lost", "seed": 0x51F3, **facts}
    return Failure(broken=told.pop("broken", None) or broken(history), history=history.events, **told)


def test_a_failure_is_told_with_its_cause_and_how_to_see_it_again() -> None:
    text = report(
        failure(
            answered_twice(),
            choices=[ORDER, Choice("kill /pool/worker-2 finished Worker.run #1", "yes")],
            chosen=31,
            run=1312,
            runs=2000,
            replay="pytest -k test_no_job_is_lost --sim-seed=0x51f3",
            tape=".sim/test_no_job_is_lost.tape",
            timeline=".sim/test_no_job_is_lost.html",
        )
    )
    assert text == TWICE


TWICE = """\
FAILED test_no_job_is_lost   run 1312 of 2000, seed 0x51f3
  Pool.job(7), asked of /pool, was answered, and then answered   (law: every ask resolves exactly once)
  smallest cause: 13 of 35 events, 1 fault, 2 of 31 choices
   ! t=0.020  test            -> /pool Pool.job(7) (ask)
     t=0.020  /pool           takes Pool.job(7)
     t=0.020  /pool           -> /pool/worker-2 Pool.job(7) (passed on)
     t=0.030  /pool/worker-2  takes Pool.job(7)
     t=1.250  /pool/worker-2  has handled Pool.job(7)
   ! t=1.250  test            Pool.job(7) is answered: 7
   * t=1.250  /pool/worker-2  kill (fault) at finished Worker.run #1
     t=1.250  /pool/worker-2  has ended: Crash(ValueError())
     t=1.250  /pool           is given Pool.job(7) again
     t=2.250  /pool           takes Pool.job(7) (delivery 2)
     t=2.250  /pool           -> /pool/worker-3 Pool.job(7) (passed on)
     t=2.260  /pool/worker-3  takes Pool.job(7) (delivery 2)
   ! t=3.100  test            Pool.job(7) is answered: 7
  chosen:   next /pool Pool.job #2 => /pool/worker-2 Worker.run #1
  replay:   pytest -k test_no_job_is_lost --sim-seed=0x51f3
  tape:     .sim/test_no_job_is_lost.tape   (kept for good in tests/tapes/)
  timeline: .sim/test_no_job_is_lost.html"""


def test_what_is_missing_at_the_end_is_told_by_what_became_of_it() -> None:
    history = History().up().sent(1, kind="ask", cause=None).sent(2, cause=None).taken(1, cause=2).injected("hang")
    history.handled(2).ended(cause=None)
    text = report(failure(history))
    assert "never had an outcome" in text
    assert "takes Player.note(1)" in text
    assert "hang (fault)" in text
    assert "Player.note(2)" not in text


@pytest.mark.parametrize("messages", [1, 20, 120, 2_000])
def test_a_failure_fits_on_a_screen(messages: int) -> None:
    history = long_day(messages)
    many = [Choice(f"next /a A.b #{number}", "/b " + "B.c" * 60) for number in range(50)]
    what = "AssertionError: " + "x" * 500 + "\n" + "more\n" * 50
    last = len(history.events) - 1
    text = report(
        failure(
            history,
            broken=Broken("the test passes", what, last),
            choices=many,
            chosen=99,
            unmet=many[:3],
            replay="pytest " + "y" * 300,
            tape="t" * 200,
            timeline="z",
        )
    )
    lines = text.splitlines()
    assert len(lines) <= HEIGHT
    assert max(len(line) for line in lines[:-3]) <= WIDTH
    assert lines[-3:] == [f"  replay:   pytest {'y' * 300}", *lines[-2:]], "what is to be copied is whole"
    assert lines[-2].startswith(f"  tape:     {'t' * 200} ")
    assert any(line.startswith("   ! t=") for line in lines), "what was broken is always there"
    assert sum("(fault)" in line for line in lines) == min(4, messages // 25) or messages == 2_000


def test_a_gap_says_how_many_events_were_left_out() -> None:
    history = long_day(120)
    text = report(failure(history, broken=Broken("the test passes", "AssertionError", len(history.events) - 1)))
    assert " more events" in text
    assert "1 more event\n" not in text


def test_a_choice_that_was_not_met_is_told() -> None:
    assert "not met:  next /pool Pool.job #2 => /pool/worker-2 Worker.run #1, and 1 more: the tape is older" in report(
        failure(answered_twice(), unmet=[ORDER, ORDER])
    )


def test_a_run_without_events_is_told_too() -> None:
    text = report(failure(History(), broken=Broken("the test passes", "", None)))
    assert text.splitlines() == [
        "FAILED test_no_job_is_lost   seed 0x51f3",
        "  it was broken   (law: the test passes)",
        "  smallest cause: 0 of 0 events, 0 faults",
    ]


def test_a_cause_that_may_not_be_the_smallest_does_not_say_that_it_is() -> None:
    assert "  cause, not the smallest: 13 of 35 events" in report(failure(answered_twice(), minimal=False))


def test_nothing_after_the_violation_is_told() -> None:
    history = answered_twice()
    number = broken(history).number
    history.add(Healed).add(Noted, text="too late")
    assert judged([EveryAskResolvesOnce()], history.events)
    text = report(failure(history, broken=Broken("a law", "what", number)))
    assert "faults end here" not in text
    assert "too late" not in text
