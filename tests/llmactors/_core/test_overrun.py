"""When a handler that does not return is reported, interrupted, and given up."""

import pytest

from llmactors._core.overrun import Limits, Verdict, Watch, look, struck

LIMITS = Limits(soft=0.1, hard=5.0, grace=0.5, late=1.0)


@pytest.mark.parametrize(
    ("watch", "key", "now", "verdict"),
    [
        pytest.param(Watch(), None, 9.0, Verdict.NOTHING, id="nothing runs"),
        pytest.param(Watch("a", 0.0, 0.0), "b", 9.0, Verdict.NOTHING, id="something else runs"),
        pytest.param(Watch("a", 0.0, 0.04), "a", 0.09, Verdict.NOTHING, id="quick"),
        pytest.param(Watch("a", 0.0, 0.05), "a", 0.1, Verdict.REPORT, id="slow"),
        pytest.param(Watch("a", 0.0, 0.1, reported=True), "a", 0.15, Verdict.NOTHING, id="reported once"),
        pytest.param(Watch("a", 0.0, 4.95, reported=True), "a", 5.0, Verdict.INTERRUPT, id="too slow"),
        pytest.param(
            Watch("a", 0.0, 5.35, reported=True, strikes=1, struck=5.0), "a", 5.4, Verdict.NOTHING, id="grace"
        ),
        pytest.param(
            Watch("a", 0.0, 5.45, reported=True, strikes=1, struck=5.0), "a", 5.5, Verdict.INTERRUPT, id="again"
        ),
        pytest.param(
            Watch("a", 0.0, 6.45, reported=True, strikes=3, struck=6.0), "a", 6.5, Verdict.END, id="three strikes"
        ),
        pytest.param(Watch("a", 0.0, 1.0, reported=True), "a", 60.0, Verdict.NOTHING, id="the watchdog woke late"),
    ],
)
def test_what_follows_from_a_look(watch: Watch, key: str | None, now: float, verdict: Verdict) -> None:
    assert look(watch, key, now, LIMITS)[1] is verdict


def test_time_in_which_nobody_looked_does_not_count() -> None:
    watch, _ = look(Watch("a", 0.0, 1.0, reported=True), "a", 61.0, LIMITS)
    assert watch.since == 60.0
    assert look(watch, "a", 61.5, LIMITS)[1] is Verdict.NOTHING


def test_a_strike_is_counted() -> None:
    assert struck(Watch("a"), 7.0) == Watch("a", strikes=1, struck=7.0)
