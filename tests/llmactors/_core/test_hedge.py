"""Whom a hedged ask asks next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmactors._core.hedge import AskNext, Effect, Event, GiveUp, Hedge, WaitOn, decide


@pytest.mark.parametrize(
    ("hedge", "event", "effect"),
    [
        pytest.param(Hedge(3), Event.BEGIN, AskNext(0, more=True), id="the first at once"),
        pytest.param(Hedge(3, asked=1), Event.DELAY_PASSED, AskNext(1, more=True), id="the next when it is slow"),
        pytest.param(Hedge(3, asked=1), Event.FAILED, AskNext(1, more=True), id="the next when it failed"),
        pytest.param(Hedge(3, asked=2), Event.FAILED, AskNext(2, more=False), id="the last"),
        pytest.param(Hedge(2, asked=2), Event.FAILED, WaitOn(), id="one is still under way"),
        pytest.param(Hedge(2, asked=2, failed=1), Event.FAILED, GiveUp(), id="none is left"),
        pytest.param(Hedge(1), Event.BEGIN, AskNext(0, more=False), id="one alone"),
    ],
)
def test_what_a_hedge_does(hedge: Hedge, event: Event, effect: Effect) -> None:
    assert decide(hedge, event)[1] == effect


@given(st.integers(1, 6), st.lists(st.sampled_from([Event.DELAY_PASSED, Event.FAILED]), max_size=20))
def test_everybody_is_asked_once_and_in_order_and_it_gives_up_when_all_have_failed(
    total: int, events: list[Event]
) -> None:
    hedge, effect = decide(Hedge(total), Event.BEGIN)
    asked = [0]
    for event in events:
        if event is Event.FAILED and hedge.failed == hedge.asked:
            continue  # nobody is left who could fail
        hedge, effect = decide(hedge, event)
        if isinstance(effect, AskNext):
            asked.append(effect.index)
        assert isinstance(effect, GiveUp) == (hedge.failed == total)
    assert asked == list(range(len(asked)))
