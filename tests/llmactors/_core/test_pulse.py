"""When a worker that does not react is past its limit, and when it is only slow."""

from typing import Any

import pytest

from llmactors._core.pulse import Pulse, Sight, Verdict, look

PERIOD, PATIENCE, LIMIT = 0.5, 5.0, 2.0


def watch(seconds: float, *, every: float = PERIOD, stalled_share: float = 0.0, **seen: Any) -> tuple[float, Verdict]:
    """Look every *every* seconds at a worker that does not react; return when there was a verdict, and which."""
    sight: dict[str, Any] = {"hand": "message", "limit": LIMIT, "answered": False, "state": "S"} | seen
    pulse: Pulse | None = None
    now = 0.0
    while now <= seconds:
        pulse, verdict = look(pulse, Sight(now=now, stalled=now * stalled_share, **sight), PERIOD, PATIENCE)
        if verdict is not Verdict.NOTHING:
            return now, verdict
        now += every
    return now, Verdict.NOTHING


@pytest.mark.parametrize(
    ("seen", "when", "verdict"),
    [
        ({}, 3.0, Verdict.OVERRUN),
        ({"limit": None}, None, Verdict.NOTHING),
        ({"hand": None, "limit": None}, 6.0, Verdict.SILENT),
        ({"answered": True}, None, Verdict.NOTHING),
        ({"state": "D"}, None, Verdict.NOTHING),  # the disk's time
        ({"state": "t"}, None, Verdict.NOTHING),  # a debugger's
        ({"state": "T", "limit": 60.0}, 5.5, Verdict.STOPPED),
        ({"state": "T", "limit": None}, 5.5, Verdict.STOPPED),
    ],
)
def test_one_that_does_not_react_has_the_time_of_what_it_has_in_hand(seen: Any, when: Any, verdict: Any) -> None:
    found, said = watch(30.0, **seen)
    assert said is verdict
    if when is not None:
        assert found == pytest.approx(when, abs=PERIOD)


@pytest.mark.parametrize("share", [0.5, 0.9, 1.0])
def test_time_without_a_processor_does_not_count(share: float) -> None:
    found, verdict = watch(100.0, stalled_share=share)
    if share == 1.0:
        assert verdict is Verdict.NOTHING
    else:
        assert found >= LIMIT / (1 - share)
        assert verdict is Verdict.OVERRUN


def test_time_in_which_nobody_looked_does_not_count() -> None:
    found, verdict = watch(100.0, every=10.0)
    assert verdict is Verdict.OVERRUN
    assert found == 30.0  # each look is worth a second


def test_a_new_message_in_hand_is_progress() -> None:
    pulse: Pulse | None = None
    for number in range(100):
        sight = Sight(number * PERIOD, number // 3, LIMIT, answered=False, state="R", stalled=0.0)
        pulse, verdict = look(pulse, sight, PERIOD, PATIENCE)
        assert verdict is Verdict.NOTHING


def test_a_process_that_is_stopped_now_and_then_is_slow_and_not_lost() -> None:
    pulse: Pulse | None = None
    for number in range(100):
        state = "T" if number % 4 else "S"
        sight = Sight(number * PERIOD, "message", None, answered=False, state=state, stalled=0.0)
        pulse, verdict = look(pulse, sight, PERIOD, PATIENCE)
        assert verdict is Verdict.NOTHING
